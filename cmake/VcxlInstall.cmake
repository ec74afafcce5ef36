# SPDX-License-Identifier: Apache-2.0
# Install and export: headers, libraries, vcxlConfig.cmake and vcxl.pc. What is installed follows
# what is built: the core alone, or core and model.
include(CMakePackageConfigHelpers)

set(vcxl_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/vcxl)
set(vcxl_targets vcxl_core)
install(DIRECTORY c_core/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(VCXL_MODEL)
	list(APPEND vcxl_targets vcxl_model)
	install(DIRECTORY model/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
	set(vcxl_pc_requires systemc)
	set(vcxl_pc_libs "-lvcxl_model -lvcxl_core")
	set(vcxl_pc_cflags "-std=c++17")
else()
	set(vcxl_pc_requires "")
	set(vcxl_pc_libs "-lvcxl_core")
	set(vcxl_pc_cflags "")
endif()
install(TARGETS ${vcxl_targets} EXPORT vcxlTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT vcxlTargets NAMESPACE vcxl:: DESTINATION ${vcxl_cmake_dir})

configure_package_config_file(cmake/vcxlConfig.cmake.in vcxlConfig.cmake
	INSTALL_DESTINATION ${vcxl_cmake_dir}
	NO_SET_AND_CHECK_MACRO)
# 0.x promises nothing between minor versions
write_basic_package_version_file(vcxlConfigVersion.cmake COMPATIBILITY SameMinorVersion)
# relative to the file itself, so that `cmake --install --prefix` tells the truth
file(RELATIVE_PATH vcxl_pc_prefix
	/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/vcxl.pc.in vcxl.pc @ONLY)
install(FILES
	${CMAKE_CURRENT_BINARY_DIR}/vcxlConfig.cmake
	${CMAKE_CURRENT_BINARY_DIR}/vcxlConfigVersion.cmake
	DESTINATION ${vcxl_cmake_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/vcxl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
