-- What a run has staged, one row per table, compared with the manifests. ? are the run id and the first and last table id.
-- pipeline/table/digest.py computes the digest alike: docs/decisions/0013. The sum is taken in two parts, because one of
-- decimal(38,18) overflows with two values of 20 digits: docs/decisions/0016.
WITH keyed AS (
    SELECT *,
           array_join(transform(ARRAY[CAST(period_start AS varchar), column_1, column_2, column_3, column_4, column_5],
               text -> concat(CAST(length(coalesce(text, '')) AS varchar), ':', coalesce(text, ''))), '') AS key
    FROM transformedsingstatdata
    WHERE run = ? AND table_id BETWEEN ? AND ?
),
cells AS (
    SELECT table_id,
           series_no,
           period_start,
           value,
           key,
           array_join(transform(ARRAY[series_no, series, unit, footnote],
               text -> concat(CAST(length(coalesce(text, '')) AS varchar), ':', coalesce(text, ''))), '') AS labels,
           concat(CAST(length(coalesce(period, '')) AS varchar), ':', coalesce(period, ''), key,
                  CAST(length(coalesce(value_text, '')) AS varchar), ':', coalesce(value_text, '')) AS cell
    FROM keyed
),
series AS (
    SELECT table_id,
           series_no,
           count(*)                       AS observations,
           count(DISTINCT key)            AS distinct_keys,
           count(value)                   AS parsed,
           min(period_start)              AS first_period,
           max(period_start)              AS last_period,
           sum(truncate(value))           AS whole,
           sum(value - truncate(value))   AS fraction,
           to_hex(md5(to_utf8(concat(labels, array_join(array_agg(cell ORDER BY cell), ''))))) AS hash
    FROM cells
    GROUP BY table_id, series_no, labels
)
SELECT table_id,
       sum(observations)         AS observations,
       sum(distinct_keys)        AS distinct_keys,
       count(DISTINCT series_no) AS series,
       sum(parsed)               AS parsed,
       min(first_period)         AS first_period,
       max(last_period)          AS last_period,
       sum(whole)                AS whole,
       sum(fraction)             AS fraction,
       sum(CAST(from_big_endian_64(from_hex(substr(hash, 1, 16))) AS decimal(38, 0))) AS digest
FROM series
GROUP BY table_id
