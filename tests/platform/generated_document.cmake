# SPDX-License-Identifier: Apache-2.0
# A document is what its generator prints: cmake -D GENERATOR=... -D NAME=... -D FILE=... -P
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${GENERATOR} ${NAME} OUTPUT_VARIABLE printed RESULT_VARIABLE result)
file(READ ${FILE} kept)
if(NOT result EQUAL 0 OR NOT printed STREQUAL kept)
	message(FATAL_ERROR "${FILE} is not what its tables say; run: vcxl_gen_docs ${NAME} > ${FILE}")
endif()
