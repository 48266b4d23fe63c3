"""Typical wrong answers to exercise 14: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    (".view(np.float32)  # a new", ".astype(np.float32)  # a new"),  # the number converted, not the bits read
    ("~np.uint32(1 << 30)", "np.uint32(1 << 30)"),  # everything but bit 30 cleared
    ("~np.uint32(1 << 30)", "~np.uint32(1 << 31)"),  # the sign for the top of the exponent
    ("    return (codes & mask)", "    codes &= mask\n    return codes"),  # the memory itself is changed
    ("(codes & mask)", "(codes ^ ~mask)"),  # flipped back whether it was flipped or not
    ("stored = np.round(w * 2.0**n)", "stored = w * 2.0**n"),  # 127.4 would do
    ("stored.min() >= -128", "stored.min() >= -127"),  # as if both sides were alike
    ("stored.max() <= 127", "stored.max() <= 128"),  # 10000000 is -128
    ("range(15, 0, -1)", "range(1, 16)"),  # the fewest that fit
    ("stored.min() >= -128 and ", ""),  # positive weights alone
    ("-math.expm1(math.log1p(-chance) / weights)", "1 - (1 - chance) ** (1 / weights)"),  # digits lost, in the end all
    ("-math.expm1(math.log1p(-chance) / weights)", "chance / weights"),  # for small chances only
    ("math.log1p(-chance)", "math.log1p(chance)"),
]
