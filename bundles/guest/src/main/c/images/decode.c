typedef int decode_unused;
