// SPDX-License-Identifier: Apache-2.0
//
// The guest's serial port at a terminal, at a pipe and at a socket. The guest (sw/guest/echo.c)
// says what it receives.
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/socket.h>

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

size_t addresses_of_localhost()
{
	addrinfo hints{}, *found = nullptr;
	size_t n = 0;

	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo("localhost", nullptr, &hints, &found) != 0)
		return 0;
	for (const addrinfo *at = found; at; at = at->ai_next)
		n++;
	freeaddrinfo(found);
	return n;
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
	       std::pair{ SIGSYS, 128 + SIGSYS }, std::pair{ SIGPROF, 128 + SIGPROF },
	       std::pair{ SIGVTALRM, 128 + SIGVTALRM }, std::pair{ SIGIO, 128 + SIGIO },
	       std::pair{ SIGPWR, 128 + SIGPWR }, std::pair{ SIGSTKFLT, 128 + SIGSTKFLT },
	       std::pair{ SIGRTMIN, 128 + SIGRTMIN }, std::pair{ SIGRTMAX, 128 + SIGRTMAX },
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

TEST(console, a_terminal_of_no_session_is_raw_too)
{
	NEEDS_A_TERMINAL();
	const scratch dir;
	pseudo_terminal terminal(guest(), dir, false);

	ASSERT_TRUE(terminal.wait_for("ready"));
	EXPECT_TRUE(terminal.is_raw());
	terminal.type("\x01x");
	EXPECT_EQ(terminal.wait(), 0);
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

// The kernel takes some hundred messages from one that nobody reads, however short they are.
TEST(console, at_a_socket_what_a_client_reads_late_is_complete)
{
	const scratch dir;
	const std::string path = dir.file("s");
	running program(guest({ "-serial", "unix:" + path + ",server=on" }), dir);
	socket_client client(path);
	std::string all, expected;

	EXPECT_EQ(client.line(), "ready");
	client.send(std::string(2000, 'a') + "q");
	EXPECT_EQ(program.wait(), 0);
	for (int i = 0; i < 2000; i++)
		expected += "[61]";
	while (client.more(all, 20) == socket_client::result::bytes)
		continue;
	EXPECT_TRUE(all == expected + "[71]\n") << all.size() << " bytes";
}

TEST(console, at_a_socket_a_line_without_its_end_is_shown_while_the_guest_waits)
{
	const scratch dir;
	const std::string path = dir.file("s");
	running program(guest({ "-serial", "unix:" + path + ",server=on" }), dir);
	socket_client client(path);

	EXPECT_EQ(client.line(), "ready");
	client.send("w");
	EXPECT_TRUE(hears(client, "[77]"));
}

TEST(console, at_a_pipe_a_line_without_its_end_is_shown_while_the_guest_waits)
{
	const scratch dir;
	running program(guest({}), dir);

	EXPECT_TRUE(program.wait_for("ready\n"));
	program.type("w");
	EXPECT_TRUE(program.wait_for("[77]")) << program.output();
}

TEST(console, at_a_socket_a_client_that_never_reads_is_dropped_with_a_message)
{
	const scratch dir;
	const std::string path = dir.file("s");
	running program(guest({ "-serial", "unix:" + path + ",server=on" }), dir);
	socket_client silent(path);

	silent.send(std::string(300'000, 'a'));
	EXPECT_TRUE(program.wait_for_error("vcxl: -serial: dropped a client that reads nothing"))
		<< program.errors();
	socket_client client(path);

	client.send("q");
	EXPECT_EQ(program.wait(), 0);
	EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(console, at_a_socket_a_signal_ends_the_wait_for_the_first_client)
{
	for (const std::string option : { "-serial", "-qmp" }) {
		const scratch dir;
		const std::string path = dir.file("s");
		running program(guest({ option, "unix:" + path + ",server=on" }), dir);

		ASSERT_TRUE(program.wait_for_error("vcxl: " + option + " waits for a client at " +
						   path + "\n"));
		ASSERT_TRUE(std::filesystem::exists(path));
		program.signal(SIGTERM);
		EXPECT_EQ(program.wait(), 130);
		EXPECT_FALSE(std::filesystem::exists(path));
	}
}

TEST(console, at_a_socket_the_end_leaves_the_file_of_another_alone)
{
	const scratch dir;
	const std::string path = dir.file("s");
	running first(guest({ "-serial", "unix:" + path + ",server=on" }), dir);
	socket_client of_first(path);

	EXPECT_EQ(of_first.line(), "ready");
	running second(guest({ "-serial", "unix:" + path + ",server=on" }), dir);

	ASSERT_TRUE(second.wait_for_error("waits for a client"));
	of_first.send("q");
	EXPECT_EQ(first.wait(), 0);
	EXPECT_TRUE(std::filesystem::exists(path));
	socket_client of_second(path);

	EXPECT_EQ(of_second.line(), "ready");
	of_second.send("q");
	EXPECT_EQ(second.wait(), 0);
	EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(console, a_port_that_was_chosen_is_told)
{
	const scratch dir;
	const outcome o = run_vcxl(
		guest({ "-serial", "tcp::0,server=on,wait=off", "--max-steps", "100000" }), dir);

	EXPECT_EQ(o.err.rfind("vcxl: serial listens on 127.0.0.1:", 0), 0u) << o.err;
}

TEST(console, all_addresses_of_a_name_are_tried)
{
	if (addresses_of_localhost() < 2)
		GTEST_SKIP() << "localhost has one address";
	// one of the two is the one nobody listens at
	for (const std::string host : { "127.0.0.1", "[::1]" }) {
		const scratch dir;
		running server(guest({ "-serial", "tcp:" + host + ":0,server=on" }), dir);
		const std::string before = "waits for a client at " + host + ":";

		ASSERT_TRUE(server.wait_for_error(before));
		const std::string port =
			server.errors().substr(server.errors().find(before) + before.size());
		const outcome client = run_vcxl(
			guest({ "-serial", "tcp:localhost:" + std::to_string(std::stoi(port)),
				"--max-steps", "1000" }),
			dir);

		EXPECT_EQ(client.err, "vcxl: step limit reached (--max-steps)\n");
	}
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
