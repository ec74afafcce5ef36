# SPDX-License-Identifier: Apache-2.0
# The four devices of QEMU's series; a request on the last of them with more extents than event
# records, list entries or answers fit in the mailbox's payload, and one behind it.
for bus in 0d 0e df e0; do
	name=$(basename /sys/bus/pci/devices/0000:$bus:00.0/mem*)
	echo "bus $bus, serial $(cat /sys/bus/cxl/devices/"$name"/serial)"
	vcxl-dcd "$name" config
done
d() { vcxl-dcd "$name" "$@" 2>&1 | sed "s/$name/mem/"; }
ends() { sed -n '1p;$p'; }
d map 0 0
echo "ready for many"
d wait 100000 >/tmp/many
grep -c "^record" /tmp/many
tail -n 2 /tmp/many
d accept >/tmp/many
wc -l </tmp/many
ends </tmp/many
d events
d reject
d clear
d list >/tmp/many
wc -l </tmp/many
ends </tmp/many
d release 0x48c00000 2M
d list | ends
echo "has many"
d wait 100000 | sed -n 2p
d release | wc -l
d list
d events
d release 0x48e00000 2M
d accept
d config | tail -n 1
vcxl-dcd mem9 config
vcxl-dcd ../mem0 config
d map 2 0
d map 0 1
d check 0x10000000 4K zero
d check 0x10000000 100 zero
d fill -1 4K 0
vcxl-dcd 2>/dev/null
echo "usage: $?"
