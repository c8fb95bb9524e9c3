#!/usr/bin/env bash
# Checks the image's install script where no base image can be pulled: an empty root folder gets this
# machine's C library and Python, the script installs into it as user 1001, and user 1000 trains 20 steps
# from it, with the command and environment that the rendered pod has. Each step runs under chroot in a
# mount namespace of its own, so neither the checkout nor any home folder is within reach.
# Needs root (mounts, chroot, users). What it cannot show: the base image itself, CUDA, a registry.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
  echo "error: image/check.sh makes mounts and changes users, so it needs root" >&2
  exit 2
fi
if [ "${1:-}" != --inside ]; then
  exec unshare --mount --propagation private "$0" --inside
fi

python=$PWD/.venv/bin/python
root=$(mktemp -d)
# A mount of its own, so that one recursive umount takes all that lies below; nothing is removed through mounts.
mount --bind "$root" "$root"
trap 'umount --recursive "$root" && rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{dev/shm,etc,opt/tfjob-kit,output,proc,src,tmp,usr/local,var/cache/pip,workspace}

echo "== base: system libraries read-only, Python copied to /usr/local"
for folder in bin lib lib64 sbin share; do
  mkdir "$root/usr/$folder" && mount --bind "/usr/$folder" "$root/usr/$folder"
  mount -o remount,ro,bind "$root/usr/$folder"
  [ "$folder" = share ] || ln -s "usr/$folder" "$root/$folder"
done
base=$("$python" -c 'import sys; print(sys.base_prefix)')
cp -a "$base/bin" "$root/usr/local/"
mkdir "$root/usr/local/lib"
tar -C "$base/lib" --exclude site-packages --exclude test --exclude __pycache__ -c . | tar -C "$root/usr/local/lib" -x
mkdir "$root$("$python" -c 'import sys; print("/usr/local/lib/python%d.%d/site-packages" % sys.version_info[:2])')"
mount -t proc proc "$root/proc"
for device in null zero random urandom; do
  touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t tmpfs tmpfs "$root/dev/shm"
cp -rL /etc/ssl /etc/resolv.conf /etc/hosts /etc/nsswitch.conf /etc/ld.so.conf /etc/ld.so.conf.d "$root/etc/" 2>/dev/null || true
printf 'root:x:0:0::/:/bin/sh\ninstaller:x:1001:1001::/tmp:/bin/sh\ntfjob:x:1000:1000::/tmp:/bin/sh\n' >"$root/etc/passwd"
ldconfig -r "$root"
chmod 1777 "$root/tmp" "$root/dev/shm"

# Runs a command in the root as a user, with the environment given before `--` and nothing else.
inside() {
  local user=$1 environment=()
  shift
  while [ "$1" != -- ]; do environment+=("$1") && shift; done
  shift
  env -i "${environment[@]}" HOME=/tmp PATH=/opt/tfjob-kit/bin:/usr/local/bin:/usr/bin:/bin \
    "$(command -v chroot)" "$root" setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs \
    --inh-caps=-all "$@"
}

echo "== install: image/install.sh /opt/tfjob-kit train, as user 1001"
sed -n 's/^!//p' .dockerignore | tar -c --exclude __pycache__ -T - | tar -C "$root/src" -x
mkdir -p .cache/pip
mount --bind .cache/pip "$root/var/cache/pip"
chown -R 1001:1001 "$root/opt/tfjob-kit" "$root/src" "$root/var/cache/pip"
mapfile -t settings < <(env | grep -E '^(PIP_|[a-zA-Z]+_(proxy|PROXY)=|SSL_CERT_)' || true)
inside 1001 "${settings[@]}" PIP_CACHE_DIR=/var/cache/pip -- /src/image/install.sh /opt/tfjob-kit train

echo "== train: 20 steps as user 1000; /src is gone, /opt/tfjob-kit cannot be written"
umount "$root/var/cache/pip"
rm -rf "$root/src"
chown -R 0:0 "$root/opt/tfjob-kit"
chown 1000:1000 "$root/output" "$root/workspace"
inside 1000 -- tfjob-kit render model=digits_cnn gpus=0 train.steps=20 --name image-check -o json >"$root/tmp/manifest.json"
"$python" image/pod.py "$root/tmp/manifest.json" >"$root/tmp/pod"
mapfile -d '' -t pod <"$root/tmp/pod"
inside 1000 TFJOB_KIT_TERMINATION_LOG=/output/termination-log "${pod[@]}"
ls "$root/output/checkpoints" >/dev/null
"$python" -c 'import json, sys; end = json.load(open(sys.argv[1])); assert (end["status"], end["step"]) == ("succeeded", 20), end' \
  "$root/output/termination-log"
echo "ok: trained 20 steps from the installed image"
