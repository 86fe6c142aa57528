-- DuckDB's macros for what Athena does differently.

-- An error that TRY can catch, unlike error(): athena.py words it.
CREATE MACRO fail(message) AS list_extract([NULL], CAST(message AS INTEGER));

-- Decimals: both sides have the same scale, whose power of ten is f * g * h. A 128-bit integer cannot hold the dividend with
-- the digits of the quotient, so they are computed in three steps; the last digit is rounded half up.
CREATE MACRO unscaled(x) AS abs(CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT));
CREATE MACRO long_division(a, b, f, g, h) AS
    a // b * (f * g * h)
    + a % b * f // b * (g * h)
    + a % b * f % b * g // b * h
    + (a % b * f % b * g % b * h + b // 2) // b;
CREATE MACRO reduced_division(a, b, f, g, h) AS long_division(a // gcd(a, b), b // gcd(a, b), f, g, h);
CREATE MACRO decimal_division(a, b, f, g, h) AS CASE WHEN b = 0 THEN fail('DIVISION_BY_ZERO: Division by zero')
    ELSE sign(a) * sign(b) * reduced_division(unscaled(a), unscaled(b), f, g, h) END;

-- Arrays.
CREATE MACRO distinct_items(items) AS list_filter(items, lambda x, i: list_position(items, x) = i);
CREATE MACRO contains_item(items, item) AS
    CASE WHEN list_contains(items, item) THEN true WHEN item IS NULL OR list_position(items, NULL) IS NOT NULL THEN NULL
    WHEN items IS NOT NULL THEN false END;
CREATE MACRO any_true(items) AS contains_item(items, true);
CREATE MACRO all_true(items) AS NOT contains_item(items, false);
CREATE MACRO overlap(a, b) AS
    CASE WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN len(list_filter(a, lambda x: x IS NOT NULL AND list_contains(b, x))) > 0 THEN true
    WHEN list_position(a, NULL) IS NULL AND list_position(b, NULL) IS NULL THEN false END;
CREATE MACRO item_at(items, position) AS
    CASE WHEN position = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
    ELSE list_extract(items, position) END;
CREATE MACRO subscript(items, position) AS
    CASE WHEN position = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
    WHEN position < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || position)
    WHEN position > len(items)
        THEN fail('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: '
            || position || ' > ' || len(items))
    ELSE list_extract(items, position) END;
CREATE MACRO value_of(pairs, k) AS
    CASE WHEN pairs IS NULL OR k IS NULL OR map_contains(pairs, k) THEN pairs[k]
    ELSE fail('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k) END;
CREATE MACRO slice_items(items, first, size) AS
    CASE WHEN first = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
    WHEN size < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: length must be greater than or equal to 0')
    WHEN first > 0 THEN items[first:first + size - 1]
    WHEN -first <= len(items) THEN items[len(items) + first + 1:len(items) + first + size]
    WHEN items IS NOT NULL AND first IS NOT NULL AND size IS NOT NULL THEN items[1:0] END;
CREATE MACRO join_items(items, separator) AS
    CASE WHEN items IS NOT NULL AND separator IS NOT NULL THEN coalesce(array_to_string(items, separator), '') END;
CREATE MACRO pairs_map(pairs) AS map_from_entries(list_filter(list_filter(pairs, lambda e: e[1] IS NOT NULL),
    lambda e, i: list_position(list_transform(list_filter(pairs, lambda p: p[1] IS NOT NULL), lambda p: p[1]), e[1]) = i));
CREATE MACRO counts_map(counts) AS
    map_from_entries(list_transform(map_entries(counts), lambda e: row(e.key, CAST(e.value AS BIGINT))));
CREATE MACRO repetitions(number) AS
    CASE WHEN number NOT BETWEEN 0 AND 10000
        THEN fail('INVALID_FUNCTION_ARGUMENT: count argument of repeat function must be from 0 to 10000')
    ELSE number END;
CREATE MACRO distance(a, z) AS CAST(z AS HUGEINT) - a;
CREATE MACRO steps(way, span, step) AS
    CASE WHEN step = 0 THEN fail('INVALID_FUNCTION_ARGUMENT: step must not be zero')
    WHEN sign(way) = -sign(step) THEN fail('INVALID_FUNCTION_ARGUMENT: step leads away from the stop of the sequence')
    WHEN span // step >= 10000
        THEN fail('INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries')
    ELSE generate_series(0, CAST(span AS BIGINT), step) END;
CREATE MACRO day_step(step) AS
    CASE WHEN epoch(step) % 86400 <> 0
        THEN fail('INVALID_FUNCTION_ARGUMENT: sequence step must be a day interval if start and end values are dates')
    ELSE CAST(epoch(step) / 86400 AS BIGINT) END;
CREATE MACRO day_series(a, z, step) AS list_transform(steps(z - a, z - a, step), lambda n: a + CAST(n AS INTEGER));
CREATE MACRO month_series(a, z, step) AS
    list_transform(steps(z - a, date_sub('month', a, z), step), lambda n: CAST(a + to_months(CAST(n AS INTEGER)) AS DATE));
CREATE MACRO finite(x) AS CASE WHEN isfinite(x) THEN x END;
CREATE MACRO infinite_text(x, plus) AS CASE WHEN isnan(x) THEN 'NaN' WHEN x < 0 THEN '-Infinity' ELSE plus || 'Infinity' END;
CREATE MACRO at_least(number, least) AS
    CASE WHEN number < least THEN fail('INVALID_FUNCTION_ARGUMENT: Offset must be at least ' || least) ELSE number END;

-- Texts. The blanks are Java's white space, which trim() removes.
CREATE MACRO blanks() AS ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(28) || chr(29) || chr(30) || chr(31)
    || chr(5760) || chr(8192) || chr(8193) || chr(8194) || chr(8195) || chr(8196) || chr(8197) || chr(8198) || chr(8200)
    || chr(8201) || chr(8202) || chr(8232) || chr(8233) || chr(8287) || chr(12288);
CREATE MACRO text_from(x, first) AS
    CASE WHEN first > 0 THEN substring(x, first) WHEN first < 0 AND -first <= length(x) THEN substring(x, length(x) + first + 1)
    WHEN x IS NOT NULL AND first IS NOT NULL THEN '' END;
CREATE MACRO text_part(x, first, size) AS
    CASE WHEN first > 0 AND size > 0 THEN substring(x, first, size)
    WHEN first < 0 AND size > 0 AND -first <= length(x) THEN substring(x, length(x) + first + 1, size)
    WHEN x IS NOT NULL AND first IS NOT NULL AND size IS NOT NULL THEN '' END;
CREATE MACRO delimiter(x) AS CASE WHEN x = '' THEN fail('INVALID_FUNCTION_ARGUMENT: The delimiter may not be the empty string')
    ELSE x END;
CREATE MACRO part_at(parts, position) AS
    CASE WHEN position < 1 THEN fail('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero') ELSE parts[position] END;
CREATE MACRO split_to(x, mark, size) AS
    CASE WHEN size < 1 THEN fail('INVALID_FUNCTION_ARGUMENT: Limit must be positive')
    WHEN len(string_split(x, mark)) <= size THEN string_split(x, mark)
    ELSE list_append(string_split(x, mark)[1:size - 1], array_to_string(string_split(x, mark)[size:], mark)) END;
CREATE MACRO entries(x, mark) AS
    CASE WHEN string_split(x, mark)[-1] = '' THEN string_split(x, mark)[:-2] ELSE string_split(x, mark) END;
CREATE MACRO entry(parts) AS
    CASE WHEN len(parts) <> 2
        THEN fail('INVALID_FUNCTION_ARGUMENT: Key-value delimiter must appear exactly once in each entry')
    ELSE row(parts[1], parts[2]) END;
CREATE MACRO escaping(pattern, mark) AS
    CASE WHEN length(mark) <> 1 THEN fail('INVALID_FUNCTION_ARGUMENT: Escape string must be a single character')
    WHEN contains(replace(replace(replace(pattern, mark || mark, ''), mark || '%', ''), mark || '_', ''), mark)
        THEN fail('INVALID_FUNCTION_ARGUMENT: Escape character must be followed by ''%'', ''_'' or the escape character itself')
    ELSE pattern END;
CREATE MACRO replaced(x, old, new) AS
    CASE WHEN old = '' THEN array_to_string(list_transform(string_split_regex(x, ''), lambda c: new || c), '') || new
    ELSE replace(x, old, new) END;
CREATE MACRO reverse_text(x) AS array_to_string(list_reverse(regexp_extract_all(x, '(?s).')), '');
CREATE MACRO pad_checked(size, padding, result) AS
    CASE WHEN size < 0 THEN fail('INVALID_FUNCTION_ARGUMENT: Target length must not be negative')
    WHEN padding = '' THEN fail('INVALID_FUNCTION_ARGUMENT: Padding string must not be empty') ELSE result END;
CREATE MACRO thousands(digits) AS ltrim(reverse(regexp_replace(reverse(digits), '([0-9]{3})', '\1,', 'g')), ',');
CREATE MACRO java_pattern(pattern) AS replace(pattern, '(?<', '(?P<');
CREATE MACRO regexp_group(x, pattern, number) AS
    CASE WHEN NOT regexp_matches(x, pattern) THEN NULL WHEN regexp_extract(x, pattern, number) <> ''
    THEN regexp_extract(x, pattern, number) ELSE all_groups(x, pattern, number)[1] END;
CREATE MACRO filled_pattern(pattern) AS
    CASE WHEN regexp_matches('', java_pattern(pattern)) THEN fail('not on the laptop: a pattern that matches the empty string')
    ELSE java_pattern(pattern) END;
CREATE MACRO occurrences(x, part) AS len(string_split(x, part)) - 1;
CREATE MACRO groups_of(pattern) AS occurrences(pattern, '(') - occurrences(pattern, '(?') + occurrences(pattern, '(?P<');
CREATE MACRO group_checked(pattern, number, result) AS
    CASE WHEN number < 0 OR number > groups_of(regexp_replace(pattern, '\\.', '', 'g'))
        THEN fail('INVALID_FUNCTION_ARGUMENT: Pattern has no group ' || number)
    ELSE result END;
CREATE MACRO regexp_groups(x, pattern, number) AS
    CASE WHEN list_contains(regexp_extract_all(x, pattern, number), '') THEN all_groups(x, pattern, number)
    ELSE regexp_extract_all(x, pattern, number) END;

-- Numbers.
CREATE MACRO bucket(x, low, high, size) AS
    CASE WHEN size < 1 THEN fail('INVALID_FUNCTION_ARGUMENT: bucketCount must be greater than 0')
    WHEN low = high THEN fail('INVALID_FUNCTION_ARGUMENT: bounds cannot equal each other')
    WHEN isnan(x) OR NOT isfinite(low) OR NOT isfinite(high) THEN fail('INVALID_FUNCTION_ARGUMENT: bounds must be finite')
    WHEN low > high THEN size + 1 - bucket_up(x, high, low, size) ELSE bucket_up(x, low, high, size) END;
CREATE MACRO bucket_up(x, low, high, size) AS
    CASE WHEN x < low THEN 0 WHEN x >= high THEN size + 1
    ELSE CAST(floor(size * (x - low) / (high - low) + 1) AS BIGINT) END;
CREATE MACRO bin_of(x, bins) AS
    CASE WHEN bins = [] THEN fail('INVALID_FUNCTION_ARGUMENT: Bins cannot be an empty array')
    WHEN isnan(x) THEN fail('INVALID_FUNCTION_ARGUMENT: Operand cannot be NaN')
    WHEN bins <> list_sort(bins) OR list_position(bins, NULL) IS NOT NULL OR NOT isfinite(bins[1]) OR NOT isfinite(bins[-1])
        THEN fail('INVALID_FUNCTION_ARGUMENT: Bin values are not finite or not sorted in ascending order')
    ELSE len(list_filter(bins, lambda bin: bin <= x)) END;
CREATE MACRO in_base(x, radix) AS CASE WHEN x < 0 THEN '-' ELSE '' END || lower(to_base(abs(x), radix));
CREATE MACRO from_big_endian_64(bytes) AS
    CASE WHEN octet_length(bytes) <> 8 THEN fail('INVALID_FUNCTION_ARGUMENT: expected 8-byte input')
    ELSE (CAST('0x' || hex(bytes) AS HUGEINT) + 9223372036854775808::HUGEINT) % 18446744073709551616::HUGEINT
        - 9223372036854775808::HUGEINT END;
CREATE MACRO from_hex(x) AS
    CASE WHEN x IS NULL OR regexp_full_match(x, '([0-9a-fA-F]{2})*') THEN unhex(x)
    ELSE fail('INVALID_FUNCTION_ARGUMENT: not a hexadecimal text: ' || x) END;

-- Days.
CREATE MACRO text_to_date(x) AS CAST(x AS DATE);
CREATE MACRO whole_days(x) AS
    CASE WHEN date_trunc('day', x) <> x THEN fail('INVALID_FUNCTION_ARGUMENT: Cannot add hours, minutes or seconds to a date')
    ELSE CAST(x AS DATE) END;
CREATE MACRO unpadded(x) AS
    CASE WHEN regexp_matches(x, '^[[:space:]]|[[:space:]]$')
        THEN fail('INVALID_FUNCTION_ARGUMENT: Invalid format: "' || x || '"')
    ELSE x END;
CREATE MACRO in_the_seventies(x) AS CASE WHEN year(x) = 1969 THEN x + INTERVAL 100 YEAR ELSE x END;

-- JSON. A number with a fraction keeps its spelling; DuckDB would shorten it.
CREATE MACRO valid_json(document) AS CASE WHEN json_valid(document) THEN document END;
CREATE MACRO json_scalar(document, path) AS
    CASE coalesce(json_type(valid_json(document), path), 'NULL')
    WHEN 'DOUBLE' THEN json_number(CAST(document AS VARCHAR), path)
    WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'NULL' THEN NULL
    ELSE json_extract_string(valid_json(document), path) END;
CREATE MACRO json_part(document, path) AS json_extract(valid_json(document), path);
CREATE MACRO json_length(document, path, other) AS
    CASE json_type(valid_json(document), path) WHEN 'ARRAY' THEN json_array_length(valid_json(document), path)
    WHEN 'OBJECT' THEN CASE WHEN other = 'OBJECT' THEN len(json_keys(valid_json(document), path)) END
    ELSE CASE WHEN other = 'OBJECT' AND json_exists(valid_json(document), path) THEN 0 END END;
CREATE MACRO json_holds(document, item) AS
    CASE WHEN json_type(valid_json(document)) = 'ARRAY'
    THEN list_contains(CAST(CAST(valid_json(document) AS JSON) AS JSON[]), item) END;
CREATE MACRO json_text(document) AS
    CASE WHEN json_type(document) IN ('ARRAY', 'OBJECT')
    THEN fail('INVALID_CAST_ARGUMENT: Cannot cast ' || CAST(document AS VARCHAR) || ' to varchar')
    WHEN json_type(document) = 'DOUBLE' THEN double_text(CAST(document AS DOUBLE))
    ELSE json_extract_string(document, '$') END;
