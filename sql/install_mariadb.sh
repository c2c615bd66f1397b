#!/bin/sh
# Puts a MariaDB that has VECTOR (>= 11.8) where the private instance finds it.
#
#   sql/install_mariadb.sh PREFIX [galera]
#
# With `galera`, what a test needs to start nodes of a cluster is unpacked into PREFIX as well.
#
# In this order: a mariadbd >= 11.7 already on PATH; the distribution's own package, when it is
# new enough and this is root; else the packages of the next release, unpacked into PREFIX from
# the mirror that this machine's apt already uses. Nothing outside PREFIX is changed by the last.
set -eu

prefix=${1:?usage: install_mariadb.sh PREFIX [galera]}
series_ok() { printf '%s\n' "$1" | grep -Eq '^(1:)?(11\.([7-9]|[1-9][0-9])|1[2-9]|[2-9][0-9])\b'; }

found_in=
[ -x "$prefix/bin/mariadbd" ] && [ -x "$prefix/bin/mariadb-backup" ] && found_in=prefix
for found in mariadbd /usr/sbin/mariadbd; do
    if [ -z "$found_in" ] &&
        version=$("$found" --version 2>/dev/null | grep -Eo '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1) &&
        series_ok "$version"; then
        echo "MariaDB $version is installed"
        found_in=system
    fi
done

candidate=$(apt-cache policy mariadb-server-core 2>/dev/null | awk '/Candidate:/ {print $2}')
if [ -z "$found_in" ] && series_ok "${candidate:-}" && [ "$(id -u)" = 0 ]; then
    echo "installing mariadb-server-core $candidate from the distribution"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        mariadb-server-core mariadb-client-core >/dev/null
    found_in=system
fi

packages=
# What `ld.so --list mariadbd` shows, and the client; no package is installed.
[ -n "$found_in" ] || packages='mariadb-server-core mariadb-client-core mariadb-client mariadb-backup libc6 libgcc-s1 libstdc++6
    libaio1t64 libcrypt1 libnuma1 libpcre2-8-0 libssl3t64 libsystemd0 liburing2 zlib1g libcap2
    libzstd1 libedit2 libncurses6 libtinfo6 libbsd0 libmd0'
# Galera itself, and mariadb-server for the scripts by which one node copies another.
[ "${2:-}" != galera ] || [ -x "$prefix/bin/wsrep_sst_rsync" ] || packages="$packages galera-4 mariadb-server"
[ -n "$packages" ] || exit 0

. /etc/os-release
case "$ID" in
    debian) suite=trixie component=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
    ubuntu) suite=resolute component='main universe' keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *) echo "no MariaDB >= 11.7 found, and no recipe for $ID: install one, or set DEVMESH_DATABASE_URL" >&2
       exit 1 ;;
esac

# The mirror of the distribution itself, not of security updates or of other vendors.
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
    awk -v id="$ID" -v code="$VERSION_CODENAME" 'tolower($3) == id && $2 == code {print $1; exit}')
if [ -z "$mirror" ]; then
    echo "apt names no mirror for $ID $VERSION_CODENAME; run apt-get update first" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/sources" "$work/lists/partial" "$work/cache/archives/partial" "$work/debs" "$prefix/root" "$prefix/bin"
: >"$work/status"
prefix=$(cd "$prefix" && pwd)
printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n' \
    "$mirror" "$suite" "$component" "$keyring" >"$work/sources/next.sources"
apt() {
    apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources" \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::State::lists="$work/lists" \
        -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User= "$@"
}
# What the distribution has itself, for a server that came from it.
[ "$found_in" != system ] || apt() { [ "$1" = update ] || apt-get -qq -o APT::Sandbox::User= "$@"; }
echo "unpacking into $prefix:" $packages
apt update
cd "$work/debs"
apt download $packages
# Of these two packages only what backups need: the rest is 60 MB.
for program in mariadb-client/mariadb-dump mariadb-backup/mariadb-backup; do
    set -- "${program%/*}"_*.deb
    [ -e "$1" ] || continue
    dpkg --fsys-tarfile "$1" | tar -x -C "$prefix/root" "./usr/bin/${program#*/}"
    rm "$1"
done
for deb in *.deb; do dpkg -x "$deb" "$prefix/root"; done
cd - >/dev/null
for script in "$prefix"/root/usr/bin/wsrep_sst_*; do
    [ ! -e "$script" ] || ln -sf "../root/usr/bin/${script##*/}" "$prefix/bin/"
done
[ "$found_in" != system ] || exit 0

triplet=$(basename "$(dirname "$(find "$prefix/root/usr/lib" -name libc.so.6 | head -n 1)")")
loader=$(find "$prefix/root/usr" -name 'ld-linux*' | head -n 1)
for program in sbin/mariadbd bin/mariadb bin/mariadb-dump bin/mariadb-backup bin/my_print_defaults; do
    target="$prefix/bin/$(basename $program)"
    # The wrapper finds its own place, so the prefix may be moved.
    cat >"$target.new" <<WRAPPER
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/root
exec "\$root/${loader#"$prefix/root/"}" --argv0 $(basename $program) \\
    --library-path "\$root/usr/lib/$triplet" "\$root/usr/$program" "\$@"
WRAPPER
    chmod 755 "$target.new"
    mv "$target.new" "$target"
done
if ! "$prefix/bin/mariadbd" --no-defaults --version; then
    rm -f "$prefix/bin/mariadbd"
    echo "the unpacked MariaDB does not start: a library is missing" >&2
    exit 1
fi
