# SPDX-License-Identifier: Apache-2.0
# Patrol scrub and repair through the kernel's EDAC files.
cd /sys/bus/edac/devices/cxl_mem0 || exit 1
show() { for file in "$@"; do echo "$file $(cat $file)"; done; }
show scrub0/min_cycle_duration scrub0/max_cycle_duration scrub0/current_cycle_duration scrub0/enable_background
echo 7200 >scrub0/current_cycle_duration
echo 1 >scrub0/enable_background
show scrub0/current_cycle_duration scrub0/enable_background
echo 0 >scrub0/enable_background
show scrub0/enable_background
echo 60 2>/dev/null >scrub0/current_cycle_duration || echo "too short a cycle: refused"
for repair in mem_repair*; do
	show $repair/repair_type $repair/persist_mode $repair/repair_safe_when_in_use $repair/min_dpa $repair/max_dpa
	echo 0x1000 >$repair/dpa
	echo 1 >$repair/repair && echo "repaired 0x1000"
done
