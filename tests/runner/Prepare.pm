# SPDX-License-Identifier: GPL-2.0
package Prepare;
# Builds what tests need before they run, and says which of them cannot run.
use strict;
use warnings;
use Command;

# The hypervisor of a test that names none, and the one that takes its place if the first
# cannot be had. One of them and the kernel are never skipped.
our ($XEN, $STAND_IN, $KERNEL) = ('4.17', '4.20', '6.1');

# prepare(TEST...): gives each TEST that cannot run a reason: absent, or failed. Returns
# [what is not tested, reason] for each hypervisor whose place another has taken.
sub prepare {
	my @tests = @_;
	my (%state, @replaced);
	obtain(\%state, @tests);
	if (my $reason = reason_absent(\%state, $XEN)) {
		print STDERR "tests/run: Xen $XEN cannot be had ($reason): its tests run with Xen $STAND_IN\n";
		@replaced = [ "Xen $XEN", "$reason (Xen $STAND_IN took its place)" ];
		stand_in($_) for @tests;
		obtain(\%state, @tests);
	}
	judge($_, \%state) for @tests;
	return @replaced;
}

# The words of a command up to its first --, after which only the guest reads.
sub own_words {
	my ($command) = @_;
	my @words;
	for (@$command) {
		last if $_ eq '--';
		push @words, $_;
	}
	return @words;
}

sub boots {
	my ($test) = @_;
	return grep { $_ eq 'vm' } own_words($test->{command});
}

sub option {
	my ($test, $name, $default) = @_;
	my $line = join "\0", '', own_words($test->{command}), '';
	return $line =~ /\0--\Q$name\E[\0=]([^\0]*)\0/ ? $1 : $default;
}

# needs(TEST): what it needs, as lists of words.
sub needs {
	my ($test) = @_;
	my (@kernels, @xen);
	if (boots($test)) {
		my ($guest, $kernel) = (option($test, 'guest', 'pv'), option($test, 'kernel', $KERNEL));
		@xen = option($test, 'xen', $XEN) unless $guest eq 'bare';
		# KASAN does not work in PV guests, and dom0 has no debug kernel, nor one of a flavour.
		@kernels = $kernel ne 'debug' ? $kernel : $guest eq 'pv' ? 'debug-pv' : 'debug';
		unshift @kernels, $KERNEL if $kernel =~ /^debug$|-(rt|cloud)(-amd64)?$/ && @xen;
	}
	my @needs = (map({ ["kernel=$_"] } @kernels), map({ ["xen=$_"] } @xen), @{$test->{needs}});
	unshift @needs, ['tools'] if grep { $_->[0] =~ /^(kernel|xen)=/ } @needs;
	return @needs;
}

# steps(NEED): the commands that get it.
sub steps {
	my ($need) = @_;
	my ($kind, $what) = split /=/, $need->[0], 2;
	return ['make', '--no-print-directory', 'user'] if $kind eq 'tools';
	return (
		['tests/kernel/build', $what],
		['tests/vm/prepare', 'kernel', $what],
		['make', '--no-print-directory', "bed-kernel-$what"],
	) if $kind eq 'kernel';
	return (
		($what =~ /^[\d.]+(-stock)?$/ ? ['hypervisor-patch/build', $what] : ()),
		['tests/vm/prepare', 'xen', $what],
	) if $kind eq 'xen';
	return $need;
}

# obtain(\%state, TEST...): what they need and has not been tried yet. $state{NEED} is [] for
# what is there, else ['absent' or 'failed', reason].
sub obtain {
	my ($state, @tests) = @_;
	for my $need (map { needs($_) } @tests) {
		my $key = "@$need";
		next if $state->{$key};
		my $what = $key =~ s/^kernel=/Linux /r =~ s/^xen=/Xen /r =~ s/^tools$/the tools/r;
		print STDERR "tests/run: preparing $what\n";
		$state->{$key} = [];
		for my $step (steps($need)) {
			my ($status, $last) = Command::run(sub {}, @$step);
			next unless $status;
			my $reason = Command::absent($status, $last);
			$state->{$key} = defined $reason ? ['absent', $reason]
				: ['failed', "@$step: status $status: $last"];
			last;
		}
	}
}

# Why a hypervisor of that series is absent, if one is.
sub reason_absent {
	my ($state, $series) = @_;
	for ("xen=$series", "xen=$series-stock") {
		return $state->{$_}[1] if ($state->{$_}[0] // '') eq 'absent';
	}
	return undef;
}

# The test runs with the other hypervisor. One that boots none stays as it is.
sub stand_in {
	my ($test) = @_;
	return unless grep { $_->[0] =~ /^xen=\Q$XEN\E(-stock)?$/ } needs($test);
	$test->{replaced} = 1;
	for my $words ($test->{command}, @{$test->{needs}}) {
		s/^(xen=|--xen=|)\Q$XEN\E(-stock)?$/$1 . $STAND_IN . ($2 \/\/ '')/e for @$words;
	}
	my $command = $test->{command};
	if (boots($test) && !defined option($test, 'xen', undef)) {
		my ($vm) = grep { $command->[$_] eq 'vm' } 0 .. $#$command;
		splice @$command, $vm + 1, 0, '--xen', $STAND_IN;
	}
}

sub judge {
	my ($test, $state) = @_;
	for my $need (needs($test)) {
		my ($verdict, $reason) = @{$state->{"@$need"}};
		next unless $verdict;
		if ($need->[0] eq "kernel=$KERNEL") {
			($verdict, $reason) = ('failed', "Linux $KERNEL is never skipped: $reason");
		} elsif ($test->{replaced} && $need->[0] =~ /^xen=/) {
			($verdict, $reason) = ('failed', "neither Xen $XEN nor $STAND_IN can be had: $reason");
		}
		$test->{$verdict} = $reason;
		return;
	}
}

1;
