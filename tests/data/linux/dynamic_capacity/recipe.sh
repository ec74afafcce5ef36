# SPDX-License-Identifier: Apache-2.0
# 8 GiB by tag: use start, middle and end of it, give it back when asked, and refuse other memory.
d() { vcxl-dcd mem0 "$@"; }
three() {
	for at in 0 4G 0x1ffe00000; do
		d "$1" $at 2M "$2"
	done
}
d config
d wait 0
echo "nothing: $?"
d check 0 2M zero
d map 0 0
three check zero
echo "ready for memory"
# in milliseconds a multiple of what 64 bits hold
d wait 2305843009213693952
three check zero
d accept
d list
three check zero
three fill 7
three check 7
d check 4G 2M 8
d check 8G 4K zero
# a backend is given back whole
d release 0 2M
echo "used"
d wait 100000
d release
d list
three check 7
echo "given back"
d wait 100000
d reject
d clear
d list
d events
echo "empty: $?"
d unmap 0
d check 0 2M zero
echo "unmapped: $?"
