# SPDX-License-Identifier: Apache-2.0
# Features through /dev/fwctl: those of the kernel's drivers are read alone, ours is set and counts.
scrub=96dad7d6-fde8-482b-a733-75774e06db8a
background_time=23141502-8e05-4837-b584-949551f541c8
feature() { vcxl-feature fwctl0 "$@" 2>&1 || echo "status $?"; }
centiseconds() { awk '{ printf "%d\n", $1 * 100 }' /proc/uptime; }
# sanitize MIN MAX: in seconds. Linux's own doorbell switches the completion interrupt off that Linux
# had switched on: it looks after 1, 12, 33 and 64 seconds.
sanitize() {
	started=$(centiseconds)
	echo 1 >/sys/bus/cxl/devices/mem0/security/sanitize
	cxl wait-sanitize mem0 2>&1
	took=$((($(centiseconds) - started) / 100))
	[ $took -ge "$1" ] && [ $took -lt "$2" ] && echo "took $1 to $2 seconds" || echo "took $took"
}
feature list
feature get $scrub
feature set $scrub 0601
feature get $background_time
sanitize 30 40
feature set $background_time 0a000000
feature get $background_time
feature get $background_time default
feature get $background_time saved
sanitize 0 2
feature set $background_time d0070000
sanitize 60 70
feature set $background_time 00000000
feature set $background_time 0a00
feature set $background_time 0a0
feature get $background_time
feature get 00000000-8e05-4837-b584-949551f541c8
feature get 23141502
feature get $background_time none
vcxl-feature fwctl7 list 2>&1 || echo "status $?"
vcxl-feature 2>/dev/null || echo "status $?"
