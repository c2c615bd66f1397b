#!/bin/sh
# Puts a MariaDB that has VECTOR (>= 11.8) where the private instance finds it.
#
#   sql/install_mariadb.sh PREFIX
#
# In this order: a mariadbd >= 11.7 already on PATH; the distribution's own package, when it is
# new enough and this is root; else the packages of the next release, unpacked into PREFIX from
# the mirror that this machine's apt already uses. Nothing outside PREFIX is changed by the last.
set -eu

prefix=${1:?usage: install_mariadb.sh PREFIX}
series_ok() { printf '%s\n' "$1" | grep -Eq '^(1:)?(11\.([7-9]|[1-9][0-9])|1[2-9]|[2-9][0-9])\b'; }

if [ -x "$prefix/bin/mariadbd" ] && [ -x "$prefix/bin/mariadb-backup" ]; then exit 0; fi
for found in mariadbd /usr/sbin/mariadbd; do
    if version=$("$found" --version 2>/dev/null | grep -Eo '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1) &&
        series_ok "$version"; then
        echo "MariaDB $version is installed"
        exit 0
    fi
done

candidate=$(apt-cache policy mariadb-server-core 2>/dev/null | awk '/Candidate:/ {print $2}')
if series_ok "${candidate:-}" && [ "$(id -u)" = 0 ]; then
    echo "installing mariadb-server-core $candidate from the distribution"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        mariadb-server-core mariadb-client-core >/dev/null
    exit 0
fi

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
echo "unpacking MariaDB of $suite into $prefix"
apt update
# What `ld.so --list mariadbd` shows, the client, and Galera; no package is installed.
cd "$work/debs"
apt download mariadb-server-core mariadb-client-core mariadb-client mariadb-backup galera-4 \
    libc6 libgcc-s1 libstdc++6 libaio1t64 libcrypt1 libnuma1 libpcre2-8-0 libssl3t64 libsystemd0 liburing2 zlib1g libcap2 \
    libzstd1 libedit2 libncurses6 libtinfo6 libbsd0 libmd0
# Of these two packages only what backups need: the rest is 60 MB.
for program in mariadb-client/mariadb-dump mariadb-backup/mariadb-backup; do
    dpkg --fsys-tarfile "${program%/*}"_*.deb | tar -x -C "$prefix/root" "./usr/bin/${program#*/}"
    rm "${program%/*}"_*.deb
done
for deb in *.deb; do dpkg -x "$deb" "$prefix/root"; done
cd - >/dev/null

triplet=$(basename "$(dirname "$(find "$prefix/root/usr/lib" -name libc.so.6 | head -n 1)")")
loader=$(find "$prefix/root/usr" -name 'ld-linux*' | head -n 1)
for program in bin/mariadb bin/mariadb-dump bin/mariadb-backup sbin/mariadbd; do
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
