# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables are lib.sh's, or for the sourcing script
# Packages of Debian 13 (and, for the newest kernel, of its successors) for any architecture through
# a private apt configuration: source it after lib.sh. The machine's own apt configuration stays in
# force and untouched; the mirror is the one that it names; the archive's signature is checked.
# Lists and downloads live in $cache/debian13/SUITE-ARCH; apt resumes what an interrupt left there.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
host_arch=$(dpkg --print-architecture)

# The URI from which the machine gets Debian's main archive.
mirror() {
	local uri
	# shellcheck disable=SC2016 # apt expands these
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk '$1 ~ /^(bookworm|trixie|stable)$/ { print $2; exit }')
	[ -n "$uri" ] || die "the machine's apt sources name no Debian mirror (run apt-get update)"
	printf '%s\n' "$uri"
}

# apt_for SUITE ARCH TOOL ARGUMENT...: apt with private lists and archives.
apt_for() {
	local suite=$1 arch=$2 tool=$3 dir=$cache/debian13/$1-$2
	shift 3
	"$tool" -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$dir/state" -o Dir::State::status="$dir/state/status" \
		-o Dir::Cache="$dir/cache" -o Acquire::Languages=none \
		-o APT::Update::Error-Mode=any -o APT::Sandbox::User="" "$@"
}

# One run at a time: the next one finds its work done.
lock_debian() {
	mkdir -p "$cache/debian13"
	exec 9>"$cache/debian13/lock"
	flock 9
}

# update_lists SUITE ARCH [PROVIDED]: PROVIDED is a Provides field of what counts as installed.
update_lists() {
	local suite=$1 arch=$2 provided=${3:-} dir=$cache/debian13/$1-$2
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/state/status"
	if [ -n "$provided" ]; then
		printf '%s\n' 'Package: vcxl-guest' 'Status: install ok installed' 'Version: 1' \
			'Architecture: all' 'Maintainer: none <none@invalid>' "Provides: $provided" \
			'Description: what the guest image stands for' >"$dir/state/status"
	fi
	# a mirror that lags behind serves a guest as well; the signature is checked all the same
	printf 'deb [signed-by=%s check-valid-until=no] %s %s main\n' "$debian_keyring" "$(mirror)" "$suite" \
		>"$dir/sources.list"
	say "reading the package lists of Debian $suite for $arch"
	apt_for "$suite" "$arch" apt-get update </dev/null
}

# candidate SUITE ARCH PACKAGE
candidate() {
	apt_for "$1" "$2" apt-cache policy "$3" |
		awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# download_closure SUITE ARCH PACKAGE...: the packages and all that they depend on.
download_closure() {
	local suite=$1 arch=$2 dir=$cache/debian13/$1-$2
	shift 2
	apt_for "$suite" "$arch" apt-get install -y --print-uris --no-install-recommends "$@" |
		awk '/^\047/ { print $2 }' >"$dir/wanted"
	[ -s "$dir/wanted" ] || return 1
	apt_for "$suite" "$arch" apt-get install -y --download-only --no-install-recommends "$@" \
		</dev/null
}

# unpack_archives SUITE ARCH DIRECTORY: unpacks what was downloaded last, then drops the archives.
# The directory appears by rename, so that an interrupted run leaves nothing half unpacked.
unpack_archives() {
	local dir=$cache/debian13/$1-$2 target=$3 archives deb
	archives=$dir/cache/archives
	rm -rf "$target.new"
	mkdir -p "$target.new"
	while read -r deb; do
		dpkg-deb -x "$archives/$deb" "$target.new" || die "cannot unpack $archives/$deb"
	done <"$dir/wanted"
	mv "$dir/wanted" "$target.new/packages"
	rm -rf "$target"
	mv "$target.new" "$target"
	rm -f "$archives"/*.deb
}
