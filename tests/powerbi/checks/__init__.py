"""What must hold of the Power BI project, as functions from the project to findings."""

from tests.powerbi.checks import dax, m, model, report, schemas, theme
from tests.powerbi.checks.project import Project

CHECKS = (
    schemas.json_is_valid,
    schemas.json_meets_microsofts_schema,
    schemas.item_paths_lead_somewhere,
    schemas.data_source_files_name_a_source,
    model.tmdl_is_well_formed,
    model.every_table_file_is_referenced,
    model.names_are_unique,
    model.everything_is_described,
    model.lineage_tags_are_unique_and_stable,
    model.columns_have_a_source,
    model.columns_are_the_contract,
    model.columns_sort_by_a_column,
    model.relationships_join_equal_columns,
    model.filters_have_one_path,
    model.measures_have_a_folder,
    dax.dax_refers_to_what_exists,
    m.m_refers_to_what_exists,
    m.queries_bring_every_column,
    report.pages_are_listed,
    report.fields_are_bound,
    report.roles_hold_the_right_fields,
    report.sorts_are_of_shown_fields,
    report.settings_are_literals,
    report.visuals_are_titled_and_read_out,
    report.visuals_lie_on_the_page_in_reading_order,
    theme.theme_is_registered,
    theme.theme_is_readable,
)

__all__ = ["CHECKS", "Project"]
