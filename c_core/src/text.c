/* SPDX-License-Identifier: Apache-2.0 */
/* Names and phrases of the core's tables: status, commit errors, return codes, trace events. */
#include <vcxl/hdm.h>
#include <vcxl/mbox.h>
#include <vcxl/status.h>
#include <vcxl/trace.h>

#define CASE_TEXT(symbol, text)                                                                    \
	case symbol:                                                                               \
		return text;

const char *vcxl_status_text(enum vcxl_status status)
{
	switch (status) {
#define STATUS_TEXT(symbol, value, text) CASE_TEXT(symbol, text)
		VCXL_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
	}
	return "unknown status";
}

const char *vcxl_hdm_error_text(enum vcxl_hdm_error error)
{
	switch (error) {
		VCXL_HDM_ERRORS(CASE_TEXT)
	}
	return "unknown commit error";
}

const char *cxl_rc_text(enum cxl_rc rc)
{
	switch (rc) {
#define RC_TEXT(symbol, code, text) CASE_TEXT(CXL_RC_##symbol, text)
		CXL_RETURN_CODES(RC_TEXT)
#undef RC_TEXT
	}
	return "unknown return code";
}

/* The number of fields of each event, counted by the preprocessor. */
enum {
#define PLUS_ONE(field, unit)              +1
#define COUNT_FIELDS(symbol, name, fields) N_FIELDS_##symbol = 0 fields,
	VCXL_TRACE_EVENTS(COUNT_FIELDS, PLUS_ONE)
#undef COUNT_FIELDS
#undef PLUS_ONE
};

const struct vcxl_trace_row vcxl_trace_rows[VCXL_N_TRACE_EVENTS] = {
#define FIELD(field, unit)        { #field, VCXL_TRACE_##unit },
#define ROW(symbol, name, fields) [VCXL_TRACE_##symbol] = { name, N_FIELDS_##symbol, { fields } },
	VCXL_TRACE_EVENTS(ROW, FIELD)
#undef ROW
#undef FIELD
};
