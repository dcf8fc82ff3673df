"""The arrays that each optimiser keeps per parameter, by their canonical names."""

SLOTS: dict[str, tuple[str, ...]] = {
    "adam": ("first_moment", "second_moment"),
    "rmsprop": ("square_average",),
    "sgd": ("momentum",),
}
