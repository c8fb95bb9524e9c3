"""A small convolutional net for 8x8 grey images: two convolutions, dropout, one dense layer.

params:
  filters: Channels of the first convolution; the second has twice as many.
  dropout: Share of features dropped before the last layer.
"""

import keras
from keras import layers

CLASSES = 10


def build(params: dict) -> keras.Model:
    """Images [batch, 8, 8, 1] float32 -> logits [batch, 10] float32."""
    filters = params.get("filters", 32)
    images = keras.Input((8, 8, 1))
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(images)
    x = layers.Conv2D(2 * filters, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(params.get("dropout", 0.3))(x)
    # float32 whatever the precision of the rest: the loss needs the digits.
    return keras.Model(images, layers.Dense(CLASSES, dtype="float32")(x), name="digits_cnn")
