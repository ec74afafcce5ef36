# SPDX-License-Identifier: Apache-2.0
# vcxl_warnings: the one place where warning flags are named.
add_library(vcxl_warnings INTERFACE)
target_compile_options(vcxl_warnings INTERFACE
	-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wundef
	$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes>
	$<$<BOOL:${VCXL_WERROR}>:-Werror>)
