# SPDX-License-Identifier: Apache-2.0
# A reset locks persistent memory that has a passphrase; the kept keys unlock it: ndctl's cxl-security.
hostname vcxl
nmem=/sys/bus/nd/devices/nmem0
keys=/etc/ndctl/keys
mkdir -p $keys
master() { echo 0123456789abcdef0123456789abcdef | keyctl padd user nvdimm-master @u; }
if [ "$(head -c 5 /dev/vda)" != saved ]; then
	keyctl pipe "$(master)" >$keys/nvdimm-master.blob
	ndctl setup-passphrase nmem0 -k user:nvdimm-master
	tar c -C $keys . >/tmp/keys.tar
	(echo saved && cat /tmp/keys.tar) >/dev/vda
	sync
	reboot -f
fi
tail -c +7 /dev/vda | tar x -C $keys
echo "after the reset: $(cat $nmem/security) for ndctl, $(cat /sys/bus/cxl/devices/mem0/security/state) for cxl"
master >/dev/null
ndctl load-keys 2>&1 | grep loaded
ndctl disable-dimm nmem0 2>&1
ndctl enable-dimm nmem0 2>&1
echo "with the key: $(cat $nmem/security)"
