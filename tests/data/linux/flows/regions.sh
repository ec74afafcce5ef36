# SPDX-License-Identifier: Apache-2.0
# What sysfs says of the decoders of a region on the way down: ndctl's cxl-region-sysfs.
cd /sys/bus/cxl/devices || exit 1
region=$(create_region ram 1 -s 512M)
for decoder in decoder0.0 decoder1.0 decoder2.0; do
	echo "$decoder: $(($(cat $decoder/size) >> 20)) MiB, ways $(cat $decoder/interleave_ways)," \
		"granularity $(cat $decoder/interleave_granularity), locked $(cat $decoder/locked)"
done
echo "$(cat decoder2.0/mode) $(cat decoder2.0/dpa_resource) $(cat decoder2.0/dpa_size) $(cat decoder2.0/region)"
[ "$(cat decoder1.0/start)" = "$(cat $region/resource)" ] && echo "the bridge's decoder begins where the region does"
wait_for 20 dax_online $((512 << 20)) && daxctl offline-memory dax0.0 2>&1
cxl disable-region $region 2>&1
cxl destroy-region $region 2>&1
echo "after: $(cat decoder2.0/dpa_size), decoders committed $(cat port1/decoders_committed)"
cxl reserve-dpa -t pmem -d decoder2.0 -s 256M mem0 >/dev/null 2>&1
echo "reserved: $(cat decoder2.0/mode) $(cat decoder2.0/dpa_resource) $(cat decoder2.0/dpa_size)"
cxl free-dpa -d decoder2.0 mem0 >/dev/null 2>&1
echo "freed: $(cat decoder2.0/dpa_size)"
