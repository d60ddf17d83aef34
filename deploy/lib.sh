# For sourcing: what quickstart and tests/run share, the packages and the build.
# shellcheck shell=bash disable=SC2034

BUILD_PACKAGES=(gcc make autoconf automake pkg-config libfcgi-dev
    libsodium-dev libmd-dev zlib1g-dev libjansson-dev libcurl4-openssl-dev
    libyaml-dev libpcre2-dev libunistring-dev libsqlite3-dev)

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

missing_packages()
{
	local package
	for package; do
		case $(dpkg-query -W -f='${db:Status-Status}' "$package" \
		    2>/dev/null) in
		installed) ;;
		*) echo "$package" ;;
		esac
	done
}

# Debian starts a daemon when it is installed, on every interface.  The ones
# that we install are started by us alone, on 127.0.0.1.
install_quietly()
{
	local policy=/usr/sbin/policy-rc.d ours='' status=0
	if [ ! -e $policy ]; then
		ours=yes
		printf '#!/bin/sh\nexit 101\n' |
		    as_root tee $policy >/dev/null
		as_root chmod 755 $policy
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends "$@" || status=$?
	[ -z "$ours" ] || as_root rm -f $policy
	return $status
}

# need PACKAGE...: installs those that are missing, with apt.
need()
{
	local missing=() daemon
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing: ${missing[*]}" >&2
	{
		as_root apt-get update -q
		install_quietly "${missing[@]}"
	} >&2 || return 1
	for daemon in lighttpd apache2 nginx caddy; do
		[[ " ${missing[*]} " = *" $daemon "* ]] || continue
		[ ! -d /run/systemd/system ] ||
		    as_root systemctl disable -q "$daemon" >&2 || return 1
	done
}

# When this version was made, in seconds since 1970.
program_time()
{
	local top
	top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	echo "${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct \
	    2>/dev/null || stat -c %Y "$top/CHANGELOG.md")}"
}

# build_in DIR [CONFIGURE-ARGUMENT...]: builds out of tree in DIR.
build_in()
{
	local dir=$1 top
	shift
	top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	if [ ! -x "$top/configure" ] ||
	    [ "$top/configure.ac" -nt "$top/configure" ] ||
	    [ "$top/Makefile.am" -nt "$top/Makefile.in" ]; then
		(cd "$top" && autoreconf -fi) || return 1
	fi
	mkdir -p "$dir" || return 1
	if [ ! -f "$dir/Makefile" ] ||
	    [ "$top/configure" -nt "$dir/config.status" ]; then
		(cd "$dir" && "$top/configure" -q "$@") || return 1
	fi
	make -s -C "$dir" -j "$(nproc)"
}
