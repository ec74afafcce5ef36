// SPDX-License-Identifier: Apache-2.0
//
// -drive and the functions on bus 0: what is accepted, and where it ends up.
#include <cstdio>
#include <fstream>
#include <string>

#include <unistd.h>

#include "test_options.h"

using namespace option_test;

TEST(options_virtio, consoles_find_their_bus_by_name_or_take_the_first_without_one)
{
	const vcxl::machine m =
		machine_of(split("-serial null -chardev stdio,id=a -chardev file,id=b,path=/tmp/b "
				 "-device virtio-serial-pci -device virtio-serial,id=v,addr=7 "
				 "-device virtio-serial-pci -device virtconsole,chardev=b,bus=v.0 "
				 "-device virtconsole,chardev=a,nr=0,id=c"));

	ASSERT_EQ(m.functions.size(), 3u);
	EXPECT_EQ(m.functions[0].id, "v"); // given addresses first
	EXPECT_EQ(m.functions[0].kind, vcxl::function_kind::virtio_console);
	EXPECT_EQ(m.functions[0].console.kind, vcxl::serial_kind::file);
	EXPECT_EQ(m.functions[0].console.path, "/tmp/b");
	EXPECT_EQ(m.functions[1].console.kind, vcxl::serial_kind::stdio);
	EXPECT_FALSE(m.functions[1].console.escapes);
	EXPECT_EQ(m.functions[2].console.kind, vcxl::serial_kind::null);
}

TEST(options_virtio, drives_and_devices_find_each_other_and_a_place_on_bus_0)
{
	const std::string image =
		testing::TempDir() + "vcxl_options_disk_" + std::to_string(getpid());
	std::ofstream(image) << std::string(1024, ' ');
	const std::string drive = "file=" + image + ",readonly=on"; // which may be named twice
	const vcxl::machine m = machine_of(
		{ "-drive", drive, "-drive", drive + ",if=none,id=d1,cache=writethrough", "-device",
		  "virtio-rng", "-device", "virtio-blk,drive=d1,addr=1,serial=s,id=disk" });
	const std::string again =
		error_of({ "-drive", drive + ",if=none,id=d", "-device", "virtio-blk,drive=d",
			   "-device", "virtio-blk,drive=d" });
	const std::string twice = error_of({ "-drive", "file=" + image, "-drive", drive });

	std::remove(image.c_str());
	ASSERT_EQ(m.functions.size(), 3u);
	EXPECT_EQ(m.functions[0].id, "disk"); // given addresses first
	EXPECT_EQ(m.functions[0].devfn, 1u << 3);
	EXPECT_EQ(m.functions[0].serial, "s");
	EXPECT_EQ(m.functions[0].drive, 1);
	EXPECT_EQ(m.functions[1].kind, vcxl::function_kind::virtio_rng);
	EXPECT_EQ(m.functions[1].devfn, 2u << 3);
	EXPECT_EQ(m.functions[2].id, "pcie.0/virtio-blk-pci.3"); // if=virtio last
	EXPECT_EQ(m.functions[2].drive, 0);
	EXPECT_TRUE(m.drives[0].writeback && m.drives[0].readonly);
	EXPECT_FALSE(m.drives[1].writeback);
	EXPECT_NE(again.find("'d' is already used by another device"), std::string::npos) << again;
	EXPECT_NE(twice.find("names the same file as -drive"), std::string::npos) << twice;
}
