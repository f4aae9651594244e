-- The criteria of the benchmark as plain two-valued SQL (DuckDB): what is not found is "no".
--
-- Units, impossible values, the future and the age of a record are treated with care; the one thing
-- this cannot do is to say "unknown". It reads the folder in the variable `hospital`, as of the day in
-- the variable `day`, and makes the table `guess` (person_id, criterion, label).
CREATE MACRO tab(name) AS TABLE
  SELECT * FROM read_parquet(getvariable('hospital') || '/' || name || '.parquet');
CREATE TABLE codes AS
  SELECT DISTINCT concept_id AS concept, vocabulary_id || ' ' || concept_code AS code FROM tab('concept');

CREATE TABLE tests AS SELECT * FROM (VALUES
  ('creatinine', 'LOINC 2160-0', 'UCUM mg/dL', 1, 0.1, 30, 30),
  ('creatinine', 'LOINC 2160-0', 'UCUM umol/L', 1 / 88.42, 0.1, 30, 30),
  ('glucose', 'LOINC 1558-6', 'UCUM mg/dL', 1, 18, 1080, 30),
  ('glucose', 'LOINC 1558-6', 'UCUM mmol/L', 18.016, 18, 1080, 30),
  ('platelets', 'LOINC 777-3', 'UCUM 10*9/L', 1, 1, 2000, 30),
  ('platelets', 'LOINC 777-3', 'UCUM /uL', 0.001, 1, 2000, 30),
  ('haemoglobin', 'LOINC 718-7', 'UCUM g/dL', 1, 2, 25, 30),
  ('haemoglobin', 'LOINC 718-7', 'UCUM g/L', 0.1, 2, 25, 30),
  ('inr', 'LOINC 6301-6', 'UCUM {INR}', 1, 0.5, 20, 30),
  ('inr', 'LOINC 6301-6', 'none', 1, 0.5, 20, 30),
  ('systolic', 'LOINC 8480-6', 'UCUM mm[Hg]', 1, 40, 300, 30),
  ('systolic', 'LOINC 8480-6', 'UCUM kPa', 7.50062, 40, 300, 30),
  ('diastolic', 'LOINC 8462-4', 'UCUM mm[Hg]', 1, 20, 200, 30),
  ('diastolic', 'LOINC 8462-4', 'UCUM kPa', 7.50062, 20, 200, 30),
  ('nihss', 'LOINC 72089-6', 'UCUM {score}', 1, 0, 42, 7),
  ('nihss', 'LOINC 72089-6', 'none', 1, 0, 42, 7),
  ('rankin', 'LOINC 75859-9', 'UCUM {score}', 1, 0, 5, 5000),
  ('rankin', 'LOINC 75859-9', 'none', 1, 0, 5, 5000),
  ('egfr', 'LOINC 33914-3', 'UCUM mL/min/{1.73_m2}', 1, 0, 250, 30),
  ('bilirubin', 'LOINC 1975-2', 'UCUM mg/dL', 1, 0.1, 50, 30),
  ('leukocytes', 'LOINC 6690-2', 'UCUM 10*9/L', 1, 0, 500, 30),
  ('hba1c', 'LOINC 4548-4', 'UCUM %', 1, 2, 25, 30)
) t(test, code, unit, factor, low, high, days);

CREATE TABLE numbers AS
  SELECT m.person_id AS person, t.test, m.measurement_date AS day, m.value_as_number * t.factor AS value
  FROM tab('measurement') m
  JOIN codes c ON c.concept = m.measurement_concept_id
  LEFT JOIN codes u ON u.concept = m.unit_concept_id
  JOIN tests t ON t.code = c.code AND t.unit = coalesce(u.code, 'none')
  WHERE m.measurement_date BETWEEN getvariable('day') - t.days AND getvariable('day')
    AND m.value_as_number * t.factor BETWEEN t.low AND t.high;

CREATE TABLE happened AS
  SELECT person_id AS person, code, condition_start_date AS day, condition_end_date AS ended
    FROM tab('condition_occurrence') JOIN codes ON concept = condition_concept_id
  UNION ALL SELECT person_id, code, procedure_date, NULL
    FROM tab('procedure_occurrence') JOIN codes ON concept = procedure_concept_id
  UNION ALL SELECT person_id, code, drug_exposure_start_date, drug_exposure_end_date
    FROM tab('drug_exposure') JOIN codes ON concept = drug_concept_id;
DELETE FROM happened WHERE day > getvariable('day');
CREATE TABLE results AS
  SELECT o.person_id AS person, q.code, o.observation_date AS day, a.code = 'SNOMED 10828004' AS positive
  FROM tab('observation') o JOIN codes q ON q.concept = o.observation_concept_id
  JOIN codes a ON a.concept = o.value_as_concept_id WHERE o.observation_date <= getvariable('day');

CREATE TABLE newest AS
  SELECT person,
    arg_max(value, day) FILTER (test = 'creatinine') AS creatinine,
    arg_max(value, day) FILTER (test = 'glucose') AS glucose,
    arg_max(value, day) FILTER (test = 'platelets') AS platelets,
    arg_max(value, day) FILTER (test = 'haemoglobin') AS haemoglobin,
    arg_max(value, day) FILTER (test = 'inr') AS inr,
    arg_max(value, day) FILTER (test = 'systolic') AS systolic,
    arg_max(value, day) FILTER (test = 'diastolic') AS diastolic,
    arg_max(value, day) FILTER (test = 'nihss') AS nihss,
    max(value) FILTER (test = 'nihss') AS nihss_highest,
    arg_max(value, day) FILTER (test = 'egfr') AS egfr,
    arg_max(value, day) FILTER (test = 'bilirubin') AS bilirubin,
    arg_max(value, day) FILTER (test = 'leukocytes') AS leukocytes,
    arg_max(value, day) FILTER (test = 'hba1c') AS hba1c
  FROM numbers GROUP BY person;
CREATE TABLE strokes AS
  SELECT person, max(day) AS day, arg_max(code, day) AS code FROM happened
  WHERE code IN ('SNOMED 432504007', 'SNOMED 274100004', 'SNOMED 230690007') GROUP BY person;
CREATE TABLE rankin AS
  SELECT n.person, arg_max(n.value, n.day) FILTER (n.day >= s.day AND n.day >= getvariable('day') - 180) AS now,
    arg_max(n.value, n.day) FILTER (n.day < s.day) AS earlier
  FROM numbers n JOIN strokes s USING (person) WHERE test = 'rankin' GROUP BY n.person;
CREATE MACRO had(who, what) AS
  EXISTS (SELECT 1 FROM happened h WHERE h.person = who AND h.code = what);
CREATE MACRO goes_on(who, what) AS
  EXISTS (SELECT 1 FROM happened h WHERE h.person = who AND h.code = what AND h.ended >= getvariable('day'));
CREATE MACRO positive(who, what) AS
  EXISTS (SELECT 1 FROM results r WHERE r.person = who AND r.code = what AND r.positive);

CREATE TABLE wide AS
  SELECT p.person_id AS person,
    year(getvariable('day')) - p.year_of_birth >= 18 AS "adult",
    year(getvariable('day')) - p.year_of_birth BETWEEN 18 AND 80 AS "age-range",
    p.gender_concept_id = 8532 AS "female",
    goes_on(p.person_id, 'SNOMED 77386006') AS "pregnant",
    p.gender_concept_id = 8507 OR EXISTS (SELECT 1 FROM results r WHERE r.person = p.person_id AND r.code = 'LOINC 2118-8'
      AND r.day >= getvariable('day') - 7 AND NOT r.positive) AS "pregnancy-test",
    (getvariable('day') - s.day) / 30.4375 BETWEEN 6 AND 60 AS "stroke-window",
    getvariable('day') - s.day <= 14 AS "stroke-fresh",
    s.code = 'SNOMED 432504007' AS "ischemic",
    had(p.person_id, 'SNOMED 274100004') AS "brain-bleed",
    k.now BETWEEN 3 AND 4 AS "rankin-now",
    k.earlier <= 1 AS "rankin-before",
    EXISTS (SELECT 1 FROM happened h WHERE h.person = p.person_id AND h.code = 'SNOMED 439541007'
      AND h.day >= s.day) AS "thrombectomy",
    n.creatinine > 2 AS "creatinine",
    n.glucose < 200 AS "glucose",
    n.platelets < 100 AS "platelets",
    n.haemoglobin < 10 AS "haemoglobin",
    n.inr > 1.5 AS "inr",
    (n.systolic + 2 * n.diastolic) / 3 < 125 AS "arterial-pressure",
    n.systolic - n.diastolic > 60 AS "pulse-pressure",
    n.nihss_highest >= 8 AS "nihss-highest",
    n.nihss > 5 AS "nihss-latest",
    had(p.person_id, 'SNOMED 709044004') OR coalesce(n.egfr < 60, false) AS "kidney",
    coalesce(n.bilirubin > 2, false)::INT + coalesce(n.leukocytes < 3, false)::INT
      + coalesce(n.hba1c > 9, false)::INT >= 2 AS "two-of-three",
    had(p.person_id, 'SNOMED 44054006') AS "diabetes",
    EXISTS (SELECT 1 FROM happened h WHERE h.person = p.person_id AND h.code = 'SNOMED 22298006'
      AND h.day >= getvariable('day') - 182) AS "heart-attack",
    positive(p.person_id, 'LOINC 56888-1') OR had(p.person_id, 'SNOMED 86406008') AS "hiv",
    positive(p.person_id, 'LOINC 56888-1') OR had(p.person_id, 'SNOMED 86406008')
      OR positive(p.person_id, 'LOINC 5195-3') OR positive(p.person_id, 'LOINC 16128-1') AS "any-infection",
    goes_on(p.person_id, 'RxNorm 68149') AS "immunosuppressed",
    goes_on(p.person_id, 'RxNorm 1191') AS "blood-thinners",
    goes_on(p.person_id, 'SNOMED 235856003') AS "liver",
    had(p.person_id, 'SNOMED 70536003') AS "transplant"
  FROM tab('person') p LEFT JOIN newest n ON n.person = p.person_id
  LEFT JOIN strokes s ON s.person = p.person_id LEFT JOIN rankin k ON k.person = p.person_id;

CREATE TABLE guess AS
  SELECT person AS person_id, criterion, CASE WHEN said THEN 'true' ELSE 'false' END AS label
  FROM wide UNPIVOT INCLUDE NULLS (said FOR criterion IN (COLUMNS(* EXCLUDE person)));
