# SPDX-License-Identifier: GPL-2.0
package Command;
# Commands whose stderr is shown as it comes.
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use POSIX ();

# What a program returns when something it needs cannot be had now. Its last line on
# stderr is then "NAME: absent: REASON".
use constant ABSENT => 123;

# run(\&output, COMMAND...): calls output with each piece of COMMAND's stdout. Returns its
# status, 128 + N if signal N ended it, and the last line that it wrote to stderr.
sub run {
	my ($output, @command) = @_;
	pipe(my $out, my $out_end) && pipe(my $err, my $err_end) or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		open STDOUT, '>&', $out_end;
		open STDERR, '>&', $err_end;
		close $_ for $out, $err, $out_end, $err_end;
		{ no warnings 'exec'; exec { $command[0] } @command; }
		STDERR->printflush("$command[0]: $!\n");
		POSIX::_exit(127);
	}
	close $_ for $out_end, $err_end;
	local @SIG{qw(INT TERM HUP)} = (sub { kill $_[0], $pid }) x 3;

	my $said = '';
	my $select = IO::Select->new($out, $err);
	while (my @ready = $select->can_read) {
		for my $from (@ready) {
			my $n = sysread $from, my $piece, 1 << 16;
			next if !defined $n && $!{EINTR};
			if (!$n) {
				$select->remove($from);
			} elsif ($from == $out) {
				$output->($piece);
			} else {
				STDERR->printflush($piece);
				$said = substr $said . $piece, -4096;
			}
		}
	}
	1 while waitpid($pid, 0) < 0 && $!{EINTR};
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	return $status, (grep { /\S/ } split /\n/, $said)[-1] // '';
}

# The reason why what was run could not be, if that is what status and last line say.
sub absent {
	my ($status, $last) = @_;
	return $status == ABSENT && $last =~ /: absent: (.*\S)/ ? $1 : undef;
}

1;
