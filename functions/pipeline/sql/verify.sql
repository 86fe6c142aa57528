-- What is staged of one run, a row for each table; must equal the manifests. ? is the run id.
SELECT table_id,
       count(*)                   AS observations,
       count(DISTINCT series_no)  AS series,
       count(value)               AS parsed,
       min(period_start)          AS first_period,
       max(period_start)          AS last_period,
       sum(value)                 AS total_value
FROM transformedsingstatdata
WHERE run = ?
GROUP BY table_id
