// SPDX-License-Identifier: Apache-2.0
//
// The guest's serial port at a terminal, at a pipe and at a socket. The guest (sw/guest/echo.c)
// says what it receives.
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "pseudo_terminal.h"
#include "socket_client.h"
#include "vcxl_run.h"

namespace vcxl_test
{

namespace
{

words guest(const words &more = {})
{
	words args{ "-M",    "virt", "-m",      "64M",
		    "-bios", "none", "-kernel", std::string(VCXL_GUEST_DIR) + "/echo.elf" };

	args.insert(args.end(), more.begin(), more.end());
	return args;
}

// Until the text comes; what came before it is given back.
bool hears(socket_client &client, const std::string &text)
{
	std::string heard;

	while (heard.find(text) == std::string::npos)
		if (client.more(heard, 20) != socket_client::result::bytes)
			return false;
	return true;
}

} // namespace

TEST(console, at_a_terminal_control_c_is_typed_and_control_a_x_ends_the_run)
{
	NEEDS_A_TERMINAL();
	for (const words &how :
	     { words{ "-nographic" }, words{}, words{ "-serial", "mon:stdio" } }) {
		const scratch dir;
		pseudo_terminal terminal(guest(how), dir);

		ASSERT_TRUE(terminal.wait_for("ready"));
		EXPECT_TRUE(terminal.is_raw());
		terminal.type("a\x03\x1a\r\x01\x01");
		EXPECT_TRUE(terminal.wait_for("[61][03][1a][0d][01]")) << terminal.output();
		terminal.type("\x01h");
		EXPECT_TRUE(terminal.wait_for("C-a x    exit vcxl")) << terminal.output();
		terminal.type("\x01"
			      "c");
		EXPECT_TRUE(terminal.wait_for("there is no monitor on the console"))
			<< terminal.output();
		terminal.type("\x01"
			      "b");
		EXPECT_TRUE(terminal.wait_for("[break]")) << terminal.output();
		terminal.type("\x01x");
		EXPECT_EQ(terminal.wait(), 0);
		EXPECT_TRUE(terminal.is_as_before());
	}
}

TEST(console, control_a_x_ends_a_guest_that_waits)
{
	NEEDS_A_TERMINAL();
	const scratch dir;
	pseudo_terminal terminal(guest(), dir);

	ASSERT_TRUE(terminal.wait_for("ready"));
	terminal.type("w");
	ASSERT_TRUE(terminal.wait_for("[77]"));
	terminal.type("\x01x");
	EXPECT_EQ(terminal.wait(), 0);
	EXPECT_TRUE(terminal.is_as_before());
}

TEST(console, with_serial_stdio_control_c_ends_the_run_and_control_a_is_typed)
{
	NEEDS_A_TERMINAL();
	const scratch dir;
	pseudo_terminal terminal(guest({ "-serial", "stdio" }), dir);

	ASSERT_TRUE(terminal.wait_for("ready"));
	EXPECT_TRUE(terminal.is_raw());
	terminal.type("\x01x");
	EXPECT_TRUE(terminal.wait_for("[01][78]"));
	terminal.type("\x03");
	EXPECT_EQ(terminal.wait(), 130);
	EXPECT_TRUE(terminal.is_as_before());
}

TEST(console, the_terminal_is_restored_however_the_run_ends)
{
	NEEDS_A_TERMINAL();
	for (const auto &[number, status] :
	     { std::pair{ SIGSEGV, 128 + SIGSEGV }, std::pair{ SIGABRT, 128 + SIGABRT },
	       std::pair{ SIGHUP, 128 + SIGHUP }, std::pair{ SIGQUIT, 128 + SIGQUIT },
	       std::pair{ SIGTERM, 130 }, std::pair{ SIGINT, 130 } }) {
		const scratch dir;
		pseudo_terminal terminal(guest(), dir);

		ASSERT_TRUE(terminal.wait_for("ready"));
		ASSERT_TRUE(terminal.is_raw());
		terminal.signal(number);
		EXPECT_EQ(terminal.wait(), status);
		EXPECT_TRUE(terminal.is_as_before()) << number;
	}
	const scratch dir;
	pseudo_terminal terminal(guest(), dir);

	ASSERT_TRUE(terminal.wait_for("ready"));
	terminal.type("q");
	EXPECT_EQ(terminal.wait(), 0);
	EXPECT_TRUE(terminal.is_as_before());
}

TEST(console, the_terminal_is_the_shells_while_the_program_is_stopped)
{
	NEEDS_A_TERMINAL();
	const scratch dir;
	pseudo_terminal terminal(guest(), dir);

	ASSERT_TRUE(terminal.wait_for("ready"));
	for (const char *typed : { "a", "b" }) { // the second time as the first
		ASSERT_TRUE(terminal.is_raw());
		terminal.signal(SIGTSTP);
		EXPECT_TRUE(terminal.wait_for_state('T'));
		EXPECT_TRUE(terminal.is_as_before());
		terminal.signal(SIGCONT);
		EXPECT_TRUE(terminal.is_raw());
		terminal.type(typed);
		EXPECT_TRUE(terminal.wait_for(typed[0] == 'a' ? "[61]" : "[62]"));
	}
	terminal.signal(SIGTERM);
	EXPECT_EQ(terminal.wait(), 130);
	EXPECT_TRUE(terminal.is_as_before());
}

TEST(console, bytes_from_a_pipe_pass_unchanged)
{
	const scratch dir;
	running program(guest({ "-nographic" }), dir);

	ASSERT_TRUE(program.wait_for("ready"));
	program.type("\x01x\x03q");
	EXPECT_EQ(program.wait(), 0);
	EXPECT_EQ(program.output(), "ready\n[01][78][03][71]\n");
}

TEST(console, no_byte_is_lost_however_many_come_at_once)
{
	const scratch dir;
	running program(guest({ "-nographic" }), dir);
	const size_t many = 3'000'000;

	ASSERT_TRUE(program.wait_for("ready"));
	std::thread typist([&] { program.type(std::string(many, 'a') + "q"); });
	EXPECT_EQ(program.wait(), 0);
	typist.join();
	EXPECT_EQ(program.output().size(), std::string("ready\n").size() + 4 * (many + 1) + 1);
}

TEST(console, at_a_socket_waits_for_the_first_client_and_serves_one_after_the_other)
{
	const scratch dir;
	const std::string path = dir.file("s");
	running program(guest({ "-serial", "unix:" + path + ",server=on" }), dir);

	{
		socket_client client(path);

		EXPECT_EQ(client.line(), "ready"); // nothing was said before
		client.send("a");
		EXPECT_TRUE(hears(client, "[61]"));
	}
	socket_client client(path);

	client.send("b");
	EXPECT_TRUE(hears(client, "[62]"));
	client.send("q");
	EXPECT_TRUE(hears(client, "[71]"));
	EXPECT_EQ(program.wait(), 0);
	EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(console, at_a_socket_without_a_client_does_not_wait_when_told_so)
{
	const scratch dir;
	running program(guest({ "-serial", "unix:" + dir.file("s") + ",server,nowait",
				"--max-steps", "100000" }),
			dir);

	EXPECT_EQ(program.wait(), 1); // the step limit
}

TEST(console, at_a_terminal_control_a_x_ends_a_machine_that_qmp_has_stopped)
{
	NEEDS_A_TERMINAL();
	const scratch dir;
	pseudo_terminal terminal(
		guest({ "-S", "-qmp", "unix:" + dir.file("q") + ",server=on,wait=off" }), dir);
	socket_client qmp(dir.file("q"));

	EXPECT_NE(qmp.line().find("QMP"), std::string::npos);
	EXPECT_TRUE(terminal.is_raw());
	terminal.type("\x01x");
	EXPECT_EQ(terminal.wait(), 0);
	EXPECT_TRUE(terminal.is_as_before());
}

} // namespace vcxl_test
