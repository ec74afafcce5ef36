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

# parameter NAME DEFAULT: the value of vcxl.NAME= on the kernel's command line.
parameter() {
	parameter_value=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^vcxl\.$1=//p" | tail -n 1)
	echo "${parameter_value:-$2}"
}

# region_memdevs WAYS: memory devices in the order of a region's positions: the bridges of the first
# window in turn, on each its devices in the order of their bus numbers.
region_memdevs() {
	for memdev in /sys/bus/cxl/devices/mem[0-9]*; do
		readlink -f "$memdev"
	done | sort | awk -F / -v ways="$1" \
		-v bridges="$(cat /sys/bus/cxl/devices/decoder0.0/interleave_ways)" '
	!($4 in bridge) { bridge[$4] = seen++ }
	{ name[bridge[$4], devices[$4]++] = $NF }
	END { for (i = 0; i < ways; i++) print name[i % bridges, int(i / bridges)] }'
}

# create_region ram|pmem WAYS [option...]: in the first window; prints the region's name.
create_region() {
	region_type=$1
	region_ways=$2
	shift 2
	# shellcheck disable=SC2046 # words they are
	cxl create-region -t "$region_type" -d decoder0.0 -w "$region_ways" "$@" \
		-m $(region_memdevs "$region_ways") >/tmp/region || return 1
	sed -n 's/.*"region":"\(region[0-9]*\)".*/\1/p' /tmp/region
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	wait_left=$(($1 * 10))
	shift
	until "$@"; do
		wait_left=$((wait_left - 1))
		[ "$wait_left" -gt 0 ] || return 1
		sleep 0.1
	done
}

# dax_online BYTES: one dax device and so much memory of it are there. The driver of a new region
# probes beside the process that created it.
dax_online() {
	[ "$(dax_devices | wc -l)" = 1 ] &&
		[ "$(node_bytes "$(dax_node "$(dax_devices)")" total)" = "$1" ]
}

# pmem_region: a persistent region of vcxl.ways= ways. Labels name the region's UUID: always the same.
pmem_region() {
	pmem_name=$(create_region pmem "$(parameter ways 1)" \
		-U 7f8a3a1c-58f2-4c3a-9d21-5b1a6f0e4c11) || return 1
	echo "created $pmem_name of $(($(cat "/sys/bus/cxl/devices/$pmem_name/size"))) bytes"
}

# pmem_device: the block device of the only namespace
pmem_device() {
	pmem_block=$(ndctl list -N | sed -n 's/.*"blockdev":"\([a-z0-9]*\)".*/\1/p')
	[ -b "/dev/$pmem_block" ] && echo "/dev/$pmem_block"
}

# pmem_mount DEVICE: past the page cache where the namespace allows it
pmem_mount() {
	mkdir -p /mnt
	case $(parameter mode fsdax) in
	fsdax) mount -t ext4 -o dax=always "$1" /mnt ;;
	*) mount -t ext4 "$1" /mnt ;;
	esac
}

# devdax_device: the character device of the only namespace
devdax_device() {
	devdax_name=$(ndctl list -NX | sed -n 's/.*"chardev":"\(dax[0-9.]*\)".*/\1/p')
	[ -c "/dev/$devdax_name" ] && echo "/dev/$devdax_name"
}

# devdax_half DEVICE: half of its bytes, which can be mapped
devdax_half() {
	devdax_size=$(cat "/sys/bus/dax/devices/${1##*/}/size")
	echo $((devdax_size / 2 / 2097152 * 2097152))
}

# 1.3 MB that no other program writes
pmem_text() { seq 1 200000; }
