# SPDX-License-Identifier: Apache-2.0
# Not while a region is there; takes seconds, and who waits is woken: ndctl's cxl-sanitize.
security=/sys/bus/cxl/devices/mem0/security
region=$(create_region ram 1 -s 256M)
echo 1 2>/dev/null >$security/sanitize || echo "in a region: refused"
wait_for 20 dax_online $((256 << 20)) && daxctl offline-memory dax0.0 2>&1
cxl disable-region $region 2>&1
cxl destroy-region $region 2>&1
started=$(cut -d. -f1 /proc/uptime)
echo 1 >$security/sanitize
cat $security/state
cxl wait-sanitize mem0 2>&1
[ $(($(cut -d. -f1 /proc/uptime) - started)) -gt 2 ] && echo "took more than two seconds"
cat $security/state
