# SPDX-License-Identifier: Apache-2.0
# Passphrases of persistent memory by ndctl and the kernel's keys: ndctl's cxl-security.
hostname vcxl
nmem=/sys/bus/nd/devices/nmem0
state() { echo "$1: $(cat $nmem/security), frozen $(cat $nmem/frozen)"; }
mkdir -p /etc/ndctl/keys
echo 0123456789abcdef0123456789abcdef | keyctl padd user nvdimm-master @u >/tmp/key
keyctl pipe "$(cat /tmp/key)" >/etc/ndctl/keys/nvdimm-master.blob
state "at first"
ndctl setup-passphrase nmem0 -k user:nvdimm-master 2>&1
state "set"
keyctl show @u | grep -o 'encrypted: .*'
ndctl update-passphrase nmem0 2>&1
state "updated"
ndctl remove-passphrase nmem0 2>&1
state "removed"
ndctl setup-passphrase nmem0 -k user:nvdimm-master 2>&1
ndctl sanitize-dimm --crypto-erase nmem0 2>&1
state "erased"
ndctl setup-passphrase nmem0 -k user:nvdimm-master 2>&1
ndctl freeze-security nmem0 2>&1
state "frozen"
ndctl remove-passphrase nmem0 2>&1
state "still frozen"
