# SPDX-License-Identifier: Apache-2.0
# Answers where the log does not begin with the device's oldest offer. The second one of three has
# more extents than a payload has records.
name=$(basename /sys/bus/pci/devices/0000:e0:00.0/mem*)
d() { vcxl-dcd "$name" "$@" 2>&1 | sed "s/$name/mem/"; }
echo "ready for three"
d wait 100000 | sed -n '1p;2p'
d clear
d accept
d events | grep -c "^record"
d reject
d accept | wc -l
d list | sed -n '1p;$p'
d reject
d accept
d clear
d reject
d events
d accept
