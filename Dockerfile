# Two images of one wheel:
#   docker build --target runtime  --tag tfjob-kit/runtime:0.1.0 .     what a replica runs: TensorFlow on the CPU
#   docker build --target runtime  --build-arg SET=train-cuda ...      with NVIDIA's CUDA libraries
#   docker build --target launcher --tag tfjob-kit/launcher:0.1.0 .    what submits and follows: no TensorFlow
# The install steps are image/install.sh; `make image-check` runs that script without docker.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS source
WORKDIR /src
COPY . .

FROM source AS install-launcher
RUN image/install.sh /opt/tfjob-kit launcher

FROM source AS install-runtime
ARG SET=train
RUN image/install.sh /opt/tfjob-kit "${SET}"

# What both images share. The user is a number, so that Kubernetes can tell that it is not root.
FROM ${PYTHON_IMAGE} AS base
RUN useradd --uid 1000 --create-home tfjob && install --directory --owner 1000 --group 1000 /workspace /output
ENV PATH=/opt/tfjob-kit/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /workspace
USER 1000:1000

FROM base AS launcher
COPY --from=install-launcher /opt/tfjob-kit /opt/tfjob-kit
CMD ["tfjob-kit", "--help"]

FROM base AS runtime
# Read by NVIDIA's container runtime: libcuda for TensorFlow, NVML for the memory of the cards.
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=install-runtime /opt/tfjob-kit /opt/tfjob-kit
CMD ["python", "-m", "tfjob_kit.runtime"]
