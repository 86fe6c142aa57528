-- What a run has staged, one row per table, compared with the manifests. ? is the run id.
-- pipeline/table/digest.py computes the digest alike: docs/decisions/0013.
WITH cells AS (
    SELECT table_id,
           series_no,
           period_start,
           value,
           array_join(transform(ARRAY[series_no, series, unit, footnote],
               text -> concat(CAST(length(coalesce(text, '')) AS varchar), ':', coalesce(text, ''))), '') AS labels,
           array_join(transform(ARRAY[period, CAST(period_start AS varchar),
                                      column_1, column_2, column_3, column_4, column_5, value_text],
               text -> concat(CAST(length(coalesce(text, '')) AS varchar), ':', coalesce(text, ''))), '') AS cell
    FROM transformedsingstatdata
    WHERE run = ?
),
series AS (
    SELECT table_id,
           series_no,
           count(*)          AS observations,
           count(value)      AS parsed,
           min(period_start) AS first_period,
           max(period_start) AS last_period,
           sum(value)        AS total_value,
           to_hex(md5(to_utf8(concat(labels, array_join(array_agg(cell ORDER BY cell), ''))))) AS hash
    FROM cells
    GROUP BY table_id, series_no, labels
)
SELECT table_id,
       sum(observations)         AS observations,
       count(DISTINCT series_no) AS series,
       sum(parsed)               AS parsed,
       min(first_period)         AS first_period,
       max(last_period)          AS last_period,
       sum(total_value)          AS total_value,
       sum(CAST(from_big_endian_64(from_hex(substr(hash, 1, 16))) AS decimal(38, 0))) AS digest
FROM series
GROUP BY table_id
