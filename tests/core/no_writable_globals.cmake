# SPDX-License-Identifier: Apache-2.0
# No object of the library lies in a writable section: two devices share nothing. Constant tables
# with pointers lie in .data.rel.ro, which the loader makes read-only.
execute_process(COMMAND ${OBJDUMP} -t ${LIBRARY} OUTPUT_VARIABLE symbols RESULT_VARIABLE result)
if(result)
	message(FATAL_ERROR "${OBJDUMP} -t ${LIBRARY}: ${result}")
endif()
if(NOT symbols MATCHES " F [^\n]*vcxl_memdev_create")
	message(FATAL_ERROR "${LIBRARY}: no symbol table was read")
endif()
string(REGEX MATCHALL "[^\n]* O [^\n]*" objects "${symbols}")
list(FILTER objects EXCLUDE REGEX " O (\\.rodata|\\.data\\.rel\\.ro)")
if(objects)
	list(JOIN objects "\n" objects)
	message(FATAL_ERROR "writable objects:\n${objects}")
endif()
