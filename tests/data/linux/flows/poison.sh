# SPDX-License-Identifier: Apache-2.0
# Injected, listed and cleared by device and, in a region, by host address: ndctl's cxl-poison.
mount -t debugfs none /sys/kernel/debug 2>/dev/null
debug=/sys/kernel/debug/cxl/mem0
offsets() { cxl list -m mem0 --media-errors | sed -n 's/.*"offset":\([0-9]*\).*/\1/p' | xargs; }
for at in 0x40000000 0x40001000 0x600 0x0; do
	echo $at >$debug/inject_poison
done
echo "listed: $(offsets)"
for at in 0x40000000 0x40001000 0x600 0x0; do
	echo $at >$debug/clear_poison
	echo "left: $(offsets)"
done
echo 0xa0000000 >$debug/inject_poison 2>/dev/null || echo "beyond the capacity: refused"
echo 0x20 >$debug/inject_poison 2>/dev/null || echo "not at a line: refused"
region=$(create_region ram 1 -s 1G)
echo 0x2000 >/sys/kernel/debug/cxl/$region/inject_poison
cxl list -r $region --media-errors | sed -n 's/.*"\(offset\|length\|source\)":\(.*\)/\1 \2/p'
echo 0x2000 >/sys/kernel/debug/cxl/$region/clear_poison
echo "left: $(offsets)"
