// SPDX-License-Identifier: Apache-2.0
//
// A plain TLM-2.0 traffic generator: random reads and writes to an address range through a blocking
// transport socket, each read checked against what was written. It knows nothing of what it is
// bound to: any TLM-2.0 target will do.
#ifndef TRAFFIC_GENERATOR_H
#define TRAFFIC_GENERATOR_H

#include <cstdint>
#include <cstring>
#include <map>
#include <random>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

class traffic_generator : public sc_core::sc_module
{
public:
	tlm_utils::simple_initiator_socket<traffic_generator, 64> socket;

	struct report {
		uint64_t reads = 0, writes = 0, errors = 0, mismatches = 0;
		sc_core::sc_time latency = sc_core::SC_ZERO_TIME; // of all accesses
	};

	traffic_generator(const sc_core::sc_module_name &name, uint64_t base, uint64_t size,
			  unsigned accesses, uint32_t seed)
	    : sc_module(name), socket("socket"), base_(base), size_(size), accesses_(accesses),
	      random_(seed)
	{
		SC_HAS_PROCESS(traffic_generator);
		SC_THREAD(run);
	}

	const report &result() const { return report_; }

private:
	// Aligned words of 8 bytes, one to eight of them in a row.
	void run()
	{
		for (unsigned i = 0; i < accesses_; i++) {
			const unsigned words = 1 + random_() % 8;
			const uint64_t word = random_() % (size_ / 8 - words);
			uint64_t data[8];

			if (random_() % 2) {
				for (unsigned w = 0; w < words; w++)
					written_[word + w] = data[w] = random_();
				access(tlm::TLM_WRITE_COMMAND, word, data, words);
				report_.writes++;
			} else {
				access(tlm::TLM_READ_COMMAND, word, data, words);
				check(word, data, words);
				report_.reads++;
			}
		}
		// all that was written, once more
		for (const auto &[word, value] : written_) {
			uint64_t data = ~value;

			access(tlm::TLM_READ_COMMAND, word, &data, 1);
			check(word, &data, 1);
			report_.reads++;
		}
	}

	void access(tlm::tlm_command command, uint64_t word, uint64_t *data, unsigned words)
	{
		tlm::tlm_generic_payload trans;
		sc_core::sc_time delay = sc_core::SC_ZERO_TIME;

		trans.set_command(command);
		trans.set_address(base_ + 8 * word);
		trans.set_data_ptr(reinterpret_cast<unsigned char *>(data));
		trans.set_data_length(8 * words);
		trans.set_streaming_width(8 * words);
		socket->b_transport(trans, delay);
		if (trans.is_response_error())
			report_.errors++;
		report_.latency += delay;
		wait(delay);
	}

	void check(uint64_t word, const uint64_t *data, unsigned words)
	{
		for (unsigned w = 0; w < words; w++) {
			const auto it = written_.find(word + w);

			// memory that was never written reads 0 here
			if (data[w] != (it == written_.end() ? 0 : it->second))
				report_.mismatches++;
		}
	}

	uint64_t base_, size_;
	unsigned accesses_;
	std::mt19937_64 random_;
	std::map<uint64_t, uint64_t> written_;
	report report_;
};

#endif
