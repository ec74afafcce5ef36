# SPDX-License-Identifier: Apache-2.0
# The whole label area, written, read back and zeroed, as ndctl's cxl-labels does.
cxl disable-memdev mem0 2>&1
head -c "$(cat /sys/bus/cxl/devices/mem0/label_storage_size)" /dev/urandom >/tmp/written
cxl write-labels mem0 -i /tmp/written 2>&1
cxl read-labels mem0 -o /tmp/read 2>&1
cmp /tmp/written /tmp/read && wc -c </tmp/read
cxl zero-labels mem0 2>&1
cxl read-labels mem0 -o /tmp/read 2>&1
tr -d '\0' </tmp/read | wc -c
cxl enable-memdev mem0 2>&1
