"""RAW files to `RawImage`: camera files through LibRaw, mosaics without a header, and what their tags say."""
