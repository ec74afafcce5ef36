# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Shared by the guest's tests: source it.

# Prints one figure for the summary.
figure() { echo "VCXL-FIGURE $*"; }

# dax devices, one per line
dax_devices() {
	for dax_dir in /sys/bus/dax/devices/dax*; do
		[ ! -e "$dax_dir" ] || basename "$dax_dir"
	done
}

# The NUMA node of a dax device's memory once it is online: its target node.
dax_node() { cat "/sys/bus/dax/devices/$1/target_node"; }

# Nodes of the dax devices, each once.
cxl_nodes() {
	for dax_name in $(dax_devices); do
		dax_node "$dax_name"
	done | sort -nu
}

# node_bytes NODE total|free
node_bytes() {
	case $2 in
	total) node_field=MemTotal: ;;
	free) node_field=MemFree: ;;
	esac
	awk -v field="$node_field" '$3 == field { printf "%.0f\n", $4 * 1024 }' \
		"/sys/devices/system/node/node$1/meminfo"
}
