# SPDX-License-Identifier: Apache-2.0
# Memory goes while a program reads it; beside it memory that the kernel uses, below one switch.
name=$(basename /sys/bus/pci/devices/0000:10:00.0/mem*)
other=$(basename /sys/bus/pci/devices/0000:0f:00.0/mem*)
d() { vcxl-dcd "$name" "$@" 2>&1 | sed "s/$name/mem/"; }
vcxl-dcd "$other" config 2>&1 | sed "s/$other/other/"
d map 1 0
d check 0 4K zero
echo "ready for memory"
d wait 100000
d accept
d check 0x30000000 32M zero
d fill 0x30000000 4K x
d fill 0x30000000 32M 1
d check 0x30000000 32M 1
d watch 0x30000000 4K 0
mkfifo /tmp/watch
vcxl-dcd "$name" watch 0x30000000 4K 100 >/tmp/watch &
exec 3</tmp/watch
read -r line <&3
echo "$line"
sed "s/$name/mem/" <&3
wait $!
echo "watched: $?"
d events
d release
d clear
d list
d check 0x31e00000 2M 1
echo "ready for more"
d wait 100000
d accept
d check 0x30000000 32M zero
d fill 0x30000000 32M 2
d check 0x30000000 32M 2
/tests/bound | sed 's/ pages.*//'
d release 0x31000000 2M
d list
d check 0x30000000 16M 2
d check 0x31000000 2M 2
