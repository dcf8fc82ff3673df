"""The arrays that each optimiser keeps per parameter, by their canonical names."""

SLOTS: dict[str, tuple[str, ...]] = {
    "adam": ("first_moment", "second_moment"),
    "keras_adam": ("first_moment", "second_moment"),
    "rmsprop": ("square_average",),
    "sgd": ("momentum",),
}
COUNTING = ("adam", "keras_adam")  # optimisers whose step count is part of their state
