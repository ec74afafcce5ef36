# SPDX-License-Identifier: Apache-2.0
# Error check scrub and memory sparing through the kernel's EDAC files.
# 2.5 GiB are 2 ranks of 4 groups of 4 banks of 80 MiB; rank 1, group 2, bank 3, row 5 is 0x8700a000.
cd /sys/bus/edac/devices/cxl_mem0 || exit 1
show() { for file in "$@"; do echo "$file $(cat $file)"; done; }
show ecs_fru0/log_entry_type ecs_fru0/mode ecs_fru0/threshold
echo 1024 >ecs_fru0/threshold
echo 1 >ecs_fru0/mode
echo 0 >ecs_fru0/log_entry_type
echo 1 >ecs_fru0/reset && echo "count begins anew"
echo 100 2>/dev/null >ecs_fru0/threshold || echo "no such threshold"
show ecs_fru0/log_entry_type ecs_fru0/mode ecs_fru0/threshold
mount -t debugfs none /sys/kernel/debug 2>/dev/null
mount -t tracefs none /sys/kernel/tracing 2>/dev/null
poison() { cxl list -m mem0 --media-errors | grep '"offset"'; }
for dpa in 0x8700a000 0x8700a040 0x8700c000; do echo $dpa >/sys/kernel/debug/cxl/mem0/inject_poison; done
poison
for repair in mem_repair0 mem_repair1 mem_repair2 mem_repair3; do
	show $repair/repair_type
	echo 1 >$repair/rank
	for file in bank_group:2 bank:3 row:5 column:0; do
		[ -e $repair/${file%:*} ] && echo ${file#*:} >$repair/${file%:*}
	done
	echo 1 >$repair/persist_mode
	echo 1 >$repair/repair && echo spared
	poison
done
echo 1 2>/dev/null >mem_repair3/repair || echo "no rank is left"
