# SPDX-License-Identifier: Apache-2.0
# Every root decoder and device has its class, and a region that asks for it: ndctl's cxl-qos-class.
cxl list -D -d decoder0.0 | grep -o '"qos_class":[0-9]*'
cxl list -m mem0 | grep -o '"[a-z]*_qos_class":[0-9]*'
create_region ram 1 -s 256M -Q
cxl list -R | grep -o '"state":.*\|"type":.*\|"qos.*'
