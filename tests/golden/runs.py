"""Runs whose manifests are expected: name of the file in manifests/ -> overrides.

Every option that ships is in one of them, and every kind of thing that a config can ask of a pod.
"""

from __future__ import annotations

SIZES = {
    "cpu": ["gpus=0", "replicas=2"],
    "cpu-single": ["gpus=0"],
    "single": ["gpus=1"],
    "digits": ["model=digits_cnn", "data=digits", "train=default", "gpus=2"],
    "resnet50": ["model=resnet50", "gpus=4"],
    "resnet50-2x4": ["model=resnet50", "gpus=2x4"],
    "replicas-share-gpus": ["gpus=8", "replicas=2"],
    "site-example": ["site=example", "gpus=4"],
    "site-example-a100": ["site=example", "gpus=A100-80GB:2x4", "+placement.node_selector.pool=batch"],
    "site-example-mig": ["site=example", "gpus=mig-1g.10gb:2"],
    "site-example-shared": ["site=example", "gpus=T4-shared:2", "gpu_memory=growth"],
}
TRAINING = {
    "adamw": ["train=adamw", "gpu_memory=exclusive", "train.precision=mixed_bfloat16"],
    "sgd-momentum": ["train=sgd_momentum", "gpu_memory=fraction", "gpu_memory.fraction=0.5"],
    "memory-async": ["gpu_memory=async"],
    "memory-limit": ["gpu_memory=limit", "gpu_memory.limit_mib=8192"],
    "ring": ["data=imagenet_synthetic", "model=resnet50", "communication=ring", "gpus=2"],
    "nccl": ["communication=nccl", "gpus=4", "+communication.env.NCCL_SOCKET_IFNAME=eth0"],
    "auto": ["communication=auto", "code=image", "gpus=2"],
}
JOB = {
    "kueue": [
        "job=kueue",
        "job.queue=research",
        "job.queue_priority=high",
        "output.claim=checkpoints",
        "gpus=2",
    ],
    "multikueue": [
        "job=kueue",
        "job.queue=research",
        "job.managed_by=kueue.x-k8s.io/multikueue",
        "output.claim=checkpoints",
        "gpus=2",
    ],
    "preemptible": [
        "job=preemptible",
        "job.queue=research",
        "job.queue_priority=low",
        "output.claim=checkpoints",
        "gpus=4",
    ],
    "gang": ["job=gang", "gpus=4"],
    "gang-volcano": [
        "job=gang",
        "job.gang.queue=research",
        "job.gang.priority_class=batch",
        "job.gang.min_resources={cpu: '16', memory: 64Gi}",
        "placement.scheduler=volcano",
        "gpus=4",
    ],
    "gang-scheduler-plugins": [
        "job=gang",
        "job.gang.timeout=10m",
        "placement.scheduler=scheduler-plugins-scheduler",
        "gpus=4",
    ],
    "suspended": ["job.suspend=true", "output.claim=checkpoints", "gpus=2"],
    "deadline": ["job=default", "job.deadline=2h", "job.ttl=null", "job.grace_period=5m", "gpus=2"],
    "keep-pods": ["job.clean_pod_policy=None", "job.ttl=1h", "gpus=2"],
    "protected": ["job.protect_from_drain=true", "job.clean_pod_policy=All", "gpus=2"],
    "restart-never": ["job.restart_policy=Never", "command=[python, /app/train.py]", "gpus=2"],
    "restart-on-failure": ["job.restart_policy=OnFailure", "job.backoff_limit=7", "gpus=2"],
    "labelled": [
        "job.priority_class=batch",
        "+job.labels.team=vision",
        "+job.labels.cost-centre='4711'",
        "+job.annotations.example\\.com/note='ask the vision team: #vision'",
        "gpus=2",
    ],
}
STORAGE = {
    "volumes": [
        "gpus=2",
        "output.claim=checkpoints",
        "+volumes.dataset={mount_path: /data, host_path: /mnt/dataset, read_only: true}",
        "+volumes.scratch={mount_path: /scratch, empty_dir: true}",
    ],
    "dataset": ["volumes=[dataset_pvc,ssd_cache]", "volumes.dataset.claim=imagenet", "gpus=2"],
    "no-volumes": ["volumes=none", "resources.shared_memory='0'", "gpus=0"],
    "claim-parts": [
        "gpus=2",
        "output.dir=/results/run",
        "+volumes.results={mount_path: /results, claim: shared, sub_path: vision/results}",
        "+volumes.images={mount_path: /data, claim: shared, sub_path: vision/images, read_only: true}",
    ],
    "nfs": ["+volumes.dataset={mount_path: /data, nfs: 'nas.example.com:/export/imagenet', read_only: true}"],
    "host-paths": [
        "+volumes.cache={mount_path: /cache, host_path: /mnt/ssd, host_path_type: DirectoryOrCreate}",
        "+volumes.topology={mount_path: /etc/nccl.xml, host_path: /etc/nccl.xml, host_path_type: File, "
        "read_only: true}",
    ],
    "in-memory": [
        "+volumes.fast={mount_path: /fast, empty_dir: true, in_memory: true, size_limit: 4Gi}",
        "volumes=ssd_cache",
        "volumes.cache.size_limit=200Gi",
        "resources.ephemeral_storage=210Gi",
    ],
    "mounted-config": [
        "+volumes.settings={mount_path: /etc/settings, config_map: settings, items: {train: train.toml}}",
        "+volumes.keys={mount_path: /etc/keys, secret: bucket-keys, items: {key.json: google/key.json}}",
        "+volumes.whole={mount_path: /etc/whole, config_map: settings}",
    ],
    "env-from": [
        "+env.DATA_BUCKET=gs://images",
        "+env_from.secret_keys.WANDB_API_KEY=wandb/api-key",
        "+env_from.config_map_keys.HTTP_PROXY=proxy/http",
        "env_from.secrets=[bucket-keys]",
        "env_from.config_maps=[defaults]",
        "gpus=2",
    ],
}
PODS = {
    "resources": [
        "resources.cpu=1500m",
        "resources.memory=24Gi",
        "resources.shared_memory=8Gi",
        "resources.ephemeral_storage=20Gi",
        "+resources.extra.smarter-devices/fuse='1'",
        "gpus=2",
    ],
    "resources-by-role": [
        "resources.roles.chief={memory: 32Gi, shared_memory: 4Gi}",
        "resources.roles.worker={cpu: '2'}",
        "gpus=4",
    ],
    "sidecar": [
        "+sidecars.logs={image: 'fluent/fluent-bit:4.0', mounts: {output: /output}, "
        "args: [-i, tail, -p, 'path=/output/*.log', -o, stdout]}",
        "+sidecars.proxy={image: 'envoyproxy/envoy:v1.36.0', command: [envoy, -c, /etc/envoy.yaml], "
        "cpu: 250m, memory: 256Mi, env: {LOGLEVEL: warn}}",
        "gpus=2",
    ],
    "evaluator": [
        "job.evaluator=true",
        "job.evaluator_gpus=1",
        "job.clean_pod_policy=None",
        "command=[python, /app/train.py]",
        "resources.roles.evaluator={cpu: '2', memory: 8Gi}",
        "output.claim=checkpoints",
        "gpus=4",
    ],
    "overlay": [
        "overlay.all={metadata: {annotations: {example.com/owner: vision}}, "
        "spec: {enableServiceLinks: false, containers: [{name: tensorflow, "
        "terminationMessagePolicy: FallbackToLogsOnError, "
        "env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]}]}}",
        "overlay.worker={spec: {nodeSelector: {pool: workers}}}",
        "gpus=2",
    ],
    "overlay-replaced": [
        "overlay.chief={spec: {securityContext: {$replace: true, runAsNonRoot: true, runAsUser: 2000, "
        "seccompProfile: {type: RuntimeDefault}}}}",
        "gpus=2",
    ],
    "own-command": [
        "gpus=2",
        "command=[python, /app/train.py]",
        "site.image=tensorflow/tensorflow:2.12.0-gpu",
        "+env.PRICE='$(5)'",
    ],
    "code-bundle": ["code=bundle", "code.files=[train.py]", "command=[python,train.py]", "gpus=2"],
}
PLACEMENT = {
    "gpu-type": [
        "gpus=A100-80GB:2x4",
        "model=resnet50",
        "+site.gpu_types.A100-80GB={node_selector: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB}, "
        "tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]}",
        "site.tolerations=[{key: batch, operator: Exists}, {key: nvidia.com/gpu, operator: Exists, "
        "effect: NoSchedule}]",
        "placement.tolerations=[{key: spot, operator: Equal, value: 'true', effect: NoExecute, "
        "tolerationSeconds: 300}, {key: batch, operator: Exists}]",
        "+placement.node_selector.zone=a",
    ],
    "mig": ["gpus=mig-1g.10gb:2"],
    "gpu-shared": [
        "gpus=T4-shared:2",
        "+site.gpu_types.T4-shared={resource: nvidia.com/gpu.shared, shared: true, memory_mib: 3840}",
        "gpu_memory=limit",
        "gpu_memory.limit_mib=3000",
    ],
    "placed": [
        "gpus=A100:2",
        "+site.gpu_types.A100={resource: nvidia.com/gpu, node_selector: {gpu: a100}}",
        "placement.tolerations=[{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]",
        "site.image_pull_secrets=[registry]",
        "site.image_pull_policy=Always",
        "placement.service_account=trainer",
        "placement.runtime_class=nvidia",
    ],
    "packed": ["gpus=4", "placement.pack_by=zone", "placement.strict=true", "placement.scheduler=volcano"],
    "packed-on-a-node": ["gpus=4", "placement.pack_by=node"],
    "spread-strictly": ["gpus=4", "placement.spread_by=node", "placement.strict=true"],
    "spread": [
        "gpus=4",
        "placement.pack_by=zone",
        "placement.spread_by=node",
        "placement.topology_spread={example.com/rack: 1}",
    ],
    "evenly": ["gpus=4", "placement.topology_spread={zone: 1, node: 2}", "placement.strict=true"],
    "rdma": ["communication=rdma", "communication.rdma_resource=rdma/hca_shared_devices_a", "gpus=2x4"],
    "rdma-root": ["communication.rdma_resource=rdma/hca", "site.run_as_user=0", "gpus=2"],
    "host-network": ["communication.host_network=true", "gpus=2", "placement.spread_by=node"],
    "image-user": ["site.run_as_user=null", "command=[/app/train]", "gpus=2"],
}
WHOLE = {
    # The one that docs/concepts/manifest.md explains.
    "resnet50-a100": [
        "site=example",
        "model=resnet50",
        "gpus=A100-80GB:2x4",
        "train.global_batch_size=1024",
        "train.optimizer.learning_rate=0.4",
        "volumes=dataset_pvc",
        "volumes.dataset.claim=imagenet",
        "output.claim=checkpoints",
    ],
    "face-recognition": ["experiment=face_recognition"],
    "everything": [
        "site=example",
        "model=resnet50",
        "gpus=A100-80GB:2x4",
        "train.global_batch_size=1024",
        "train.optimizer.learning_rate=0.4",
        "train.precision=mixed_bfloat16",
        "job=kueue",
        "job.queue=research",
        "job.queue_priority=high",
        "job.deadline=1d",
        "+job.labels.team=vision",
        "volumes=[dataset_pvc,ssd_cache]",
        "volumes.dataset.claim=imagenet",
        "output.claim=checkpoints",
        "resources.cpu='24'",
        "resources.memory=256Gi",
        "resources.shared_memory=32Gi",
        "resources.ephemeral_storage=110Gi",
        "resources.roles.chief={memory: 320Gi}",
        "placement.pack_by=zone",
        "placement.spread_by=node",
        "placement.service_account=trainer",
        "+env_from.secret_keys.WANDB_API_KEY=wandb/api-key",
        "+sidecars.logs={image: 'fluent/fluent-bit:4.0', mounts: {output: /output}}",
        "overlay.worker={metadata: {annotations: {example.com/role: worker}}}",
    ],
}
RUNS: dict[str, list[str]] = SIZES | TRAINING | JOB | STORAGE | PODS | PLACEMENT | WHOLE
