# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the scripts of this folder: source it. Sets `root` and `cache`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${VCXL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vcxl}

say() { printf '==> %s\n' "$*"; }
die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# Runs a command as root: directly, or by sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root for: $* (and there is no sudo)"
	fi
}

# Installs what is missing of the named Debian packages; silent and quick when nothing is.
need_packages() {
	local missing=() package
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q '^install ok installed$' || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing Debian packages: ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update </dev/null
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
		--no-install-recommends "${missing[@]}" </dev/null
}

build_packages=(cmake ninja-build gcc g++ pkg-config libc6-dev libsystemc-dev libfdt-dev
	libjansson-dev gcc-riscv64-unknown-elf debian-archive-keyring)
guest_packages=(gcc gcc-riscv64-linux-gnu libc6-dev-riscv64-cross kmod xz-utils
	debian-archive-keyring)
kernel_packages=(gcc make libc6-dev gcc-riscv64-linux-gnu flex bison bc xz-utils
	debian-archive-keyring)
test_packages=(libgtest-dev libbenchmark-dev device-tree-compiler clang-format binutils)

# configure_and_build PRESET [cmake arguments]
configure_and_build() {
	local preset=$1
	shift
	say "configuring ($preset)"
	cmake --preset "$preset" -S "$root" -DVCXL_OPENSBI="$cache/opensbi/fw_dynamic.bin" \
		-DVCXL_IASL="$cache/iasl/iasl" "$@" \
		>"$root/build/$preset.configure.log" 2>&1 || {
		cat "$root/build/$preset.configure.log" >&2
		die "configuring failed"
	}
	say "building ($preset)"
	cmake --build "$root/build/$preset"
}
