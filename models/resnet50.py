"""ResNet-50 v1.5: the residual net of He et al. 2015, table 1, with the stride in the 3x3 convolution.

The stride sits in the 3x3 of a block rather than in its first 1x1 (v1): about half a point of top-1
accuracy for a few percent of speed ("v1.5" in NVIDIA's and MLPerf's reference models). The last scale of
each block starts at zero, so that a block begins as the identity (Goyal et al. 2017, "Accurate, Large
Minibatch SGD").

params:
  classes: Number of classes.
  image_size: Pixels of each side; a multiple of 32.
  synchronized_batch_norm: Statistics over the whole job's batch instead of each replica's part.
  width: Channels of the first stage; 64 is ResNet-50. The head sees 32 times as many.
  blocks: Residual blocks of each stage; [3, 4, 6, 3] is ResNet-50.
"""

import keras
from keras import layers


def build(params: dict) -> keras.Model:
    """Images [batch, image_size, image_size, 3] float32 -> logits [batch, classes] float32."""
    size = params.get("image_size", 224)
    width = params.get("width", 64)
    synchronized = params.get("synchronized_batch_norm", True)

    images = keras.Input((size, size, 3))
    x = _convolution(images, width, 7, stride=2)
    x = layers.ReLU()(_normalized(x, synchronized=synchronized))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, blocks in enumerate(params.get("blocks", (3, 4, 6, 3))):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            x = _bottleneck(x, width * 2**stage, stride=stride, project=block == 0, synchronized=synchronized)
    x = layers.GlobalAveragePooling2D()(x)
    # float32 whatever the precision of the rest: the loss needs the digits.
    logits = layers.Dense(params.get("classes", 1000), dtype="float32")(x)
    return keras.Model(images, logits, name="resnet50")


def _bottleneck(x, channels: int, *, stride: int, project: bool, synchronized: bool):
    """1x1, 3x3 (with the stride), 1x1 to four times the channels, plus the shortcut."""
    shortcut = x
    if project:
        shortcut = _normalized(_convolution(x, 4 * channels, 1, stride=stride), synchronized=synchronized)
    x = layers.ReLU()(_normalized(_convolution(x, channels, 1), synchronized=synchronized))
    x = layers.ReLU()(_normalized(_convolution(x, channels, 3, stride=stride), synchronized=synchronized))
    x = _normalized(_convolution(x, 4 * channels, 1), synchronized=synchronized, gamma="zeros")
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _convolution(x, channels: int, kernel: int, *, stride: int = 1):
    return layers.Conv2D(
        channels, kernel, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal"
    )(x)


def _normalized(x, *, synchronized: bool, gamma: str = "ones"):
    return layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, gamma_initializer=gamma, synchronized=synchronized
    )(x)
