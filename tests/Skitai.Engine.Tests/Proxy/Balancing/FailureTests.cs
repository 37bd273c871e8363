using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>What requests that fail do to a member, and how it comes back.</summary>
public class FailureTests
{
    private const string A = "127.0.0.1:1";
    private const string B = "127.0.0.1:2";
    private const string C = "127.0.0.1:3";

    [Theory]
    [InlineData((int)MemberFault.CannotConnect)]
    [InlineData((int)MemberFault.ConnectTimeout)]
    [InlineData((int)MemberFault.TlsFailed)]
    [InlineData((int)MemberFault.NoAnswer)]
    [InlineData((int)MemberFault.AnswerTimeout)]
    [InlineData((int)MemberFault.BadAnswer)]
    [InlineData((int)MemberFault.BrokenOff)]
    [InlineData((int)MemberFault.Stalled)]
    public async Task A_member_that_fails_gets_nothing_until_its_back_off_is_over(int fault)
    {
        await using var test = await TestCluster.StartAsync(A, B);
        var choice = test.Take();
        var failed = choice.Member!.Label;
        if ((MemberFault)fault is MemberFault.BrokenOff or MemberFault.Stalled)
        {
            choice.Answered(200);
        }

        choice.Failed(TestCluster.Fault((MemberFault)fault));
        choice.End();

        Assert.Equal("down", test.Status(failed).State);
        Assert.Equal([failed == A ? B : A], test.Count(200).Keys);
        test.Pass(0.999);
        Assert.Equal([failed == A ? B : A], test.Count(200).Keys);
        test.Pass(0.002);
        Assert.Equal(failed, test.Ask());
        Assert.Equal("up", test.Status(failed).State);
        Assert.Equal(2, test.Count(200).Count);
    }

    [Fact]
    public async Task Failures_count_in_a_row_up_to_max_fails()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A) with { MaxFails = 3 });
        test.Fail();
        test.Fail();
        Assert.Equal(2, test.Status(A).FailuresInRow);
        test.Ask();
        Assert.Equal(0, test.Status(A).FailuresInRow);
        test.Fail();
        test.Fail();
        Assert.Equal("up", test.Status(A).State);
        test.Fail();
        Assert.Equal("down", test.Status(A).State);
        Assert.Equal(5, test.Status(A).Failures);
        Assert.Equal("it failed: CannotConnect", test.Status(A).LastFailure);
        Assert.Equal(test.Time.GetUtcNow(), test.Status(A).LastFailureAt);
    }

    [Fact]
    public async Task A_member_that_answers_nothing_but_503_goes_down_while_another_one_answers()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        var answers = 0;
        while (test.Status(A).State == "up" && answers < 1000)
        {
            // Requests that may not be repeated: nobody shows who would have done better.
            var choice = test.Take(replayable: false);
            var isA = choice.Member!.Label == A;
            answers += isA ? 1 : 0;
            choice.Answered(isA ? 503 : 200);
            choice.End();
        }

        Assert.InRange(answers, Member.DoubtsInRow, Member.DoubtsInRow + 1); // one more if B had its first request late
        Assert.Equal("it answers nothing but 503", test.Status(A).LastFailure);
        Assert.Equal("up", test.Status(B).State);
    }

    [Fact]
    public async Task Members_that_all_answer_503_stay_up()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        for (var time = 0; time < 100; time++)
        {
            test.Ask(replayable: false, status: 503);
        }

        Assert.Equal(("up", "up"), (test.Status(A).State, test.Status(B).State));
    }

    [Fact]
    public async Task A_503_now_and_then_takes_nobody_down()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        for (var time = 0; time < 400; time++)
        {
            test.Ask(replayable: false, status: time % 4 == 0 ? 503 : 200);
        }

        Assert.Equal((0, 0), (test.Status(A).Failures, test.Status(B).Failures));
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_no_success_though_it_began()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A) with { MaxFails = 2 });
        for (var time = 0; time < 2; time++)
        {
            var choice = test.Take();
            choice.Answered(200);
            choice.Failed(TestCluster.Fault(MemberFault.BrokenOff));
            choice.End();
        }

        Assert.Equal("down", test.Status(A).State);
    }

    [Theory]
    [InlineData(1, new[] { 1.0, 2, 4, 8, 16, 30, 30, 30 })]
    [InlineData(20, new[] { 20.0, 30, 30 })]
    [InlineData(45, new[] { 45.0, 45, 45 })]
    public async Task The_back_off_doubles_with_each_trial_that_fails(double first, double[] waits)
    {
        await using var test = await TestCluster.StartAsync(
            TestCluster.Settings(A, B) with { FailTimeout = TimeSpan.FromSeconds(first) });
        test.TakeDown(A);
        foreach (var wait in waits)
        {
            Assert.Equal(test.Time.GetUtcNow().AddSeconds(wait), test.Status(A).DownUntil);
            test.Pass(wait - 0.001);
            Assert.Equal([B], test.Count(20).Keys);
            test.Pass(0.002);
            Assert.Equal(A, test.Fail());
            test.Time.Advance(TimeSpan.FromMilliseconds(0));
        }

        Assert.Single(test.Log, static line => line.Contains("is down", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_member_that_fails_as_soon_as_it_is_back_goes_on_with_its_back_off_and_one_that_stays_up_begins_anew()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        test.TakeDown(A);
        test.Pass(1);
        Assert.Equal(A, test.Ask());
        test.Pass(0.5);
        test.TakeDown(A);
        Assert.Equal(test.Time.GetUtcNow().AddSeconds(2), test.Status(A).DownUntil);
        test.Pass(2);
        Assert.Equal(A, test.Ask());
        test.Pass(2);
        test.TakeDown(A);
        Assert.Equal(test.Time.GetUtcNow().AddSeconds(1), test.Status(A).DownUntil);
    }

    [Fact]
    public async Task A_member_that_did_a_good_deal_of_work_since_it_was_back_begins_anew_too()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        test.TakeDown(A);
        test.Pass(1);
        while (test.Status(A).Requests < 300)
        {
            test.Ask();
        }

        test.TakeDown(A);
        Assert.Equal(test.Time.GetUtcNow().AddSeconds(1), test.Status(A).DownUntil);
    }

    [Fact]
    public async Task Many_requests_that_fail_with_the_same_crash_are_one_failure()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        var choices = Enumerable.Range(0, 100).Select(_ => test.Take()).ToList();
        foreach (var choice in choices.Where(static choice => choice.Member!.Label == A).ToList())
        {
            choice.Failed(TestCluster.Fault(MemberFault.NoAnswer));
            choice.End();
        }

        Assert.Equal(50, test.Status(A).Failures);
        Assert.Equal(test.Time.GetUtcNow().AddSeconds(1), test.Status(A).DownUntil);
        choices.ForEach(static choice => choice.End());
    }

    [Fact]
    public async Task A_request_from_before_a_member_went_down_neither_takes_it_down_again_nor_brings_it_back()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        var token = test.Member(A).Token;
        var late = test.Take(token: token);
        var later = test.Take(token: token);
        test.TakeDown(A);
        later.Answered(200);
        later.End();
        Assert.Equal("down", test.Status(A).State);
        test.Pass(1);
        Assert.Equal(A, test.Ask());
        late.Failed(TestCluster.Fault(MemberFault.NoAnswer));
        late.End();
        Assert.Equal("up", test.Status(A).State);
    }

    [Fact]
    public async Task A_slow_url_takes_no_member_down_that_answers_others_meanwhile()
    {
        await using var test = await TestCluster.StartAsync(A);
        var slow = test.Take();
        test.Pass(5);
        test.Ask();
        test.Pass(5);
        slow.Failed(TestCluster.Fault(MemberFault.AnswerTimeout));
        slow.End();
        Assert.Equal("up", test.Status(A).State);
        Assert.Equal(1, test.Status(A).Failures);

        var hung = test.Take();
        test.Pass(10);
        hung.Failed(TestCluster.Fault(MemberFault.AnswerTimeout));
        hung.End();
        Assert.Equal("down", test.Status(A).State);
    }

    [Fact]
    public async Task Our_own_lack_of_descriptors_takes_no_member_down()
    {
        await using var test = await TestCluster.StartAsync(A);
        var choice = test.Take();
        var cause = new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.TooManyOpenSockets);
        choice.Failed(new MemberException(MemberFault.CannotConnect, neverLeft: true, "too many open files", cause));
        choice.End();
        Assert.Equal("up", test.Status(A).State);
    }

    [Theory]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task An_unhappy_answer_counts_only_when_another_member_answers_the_same_request_better(int status)
    {
        await using var test = await TestCluster.StartAsync(A, B, C);
        var passedOn = test.Take();
        passedOn.Answered(status);
        passedOn.End();
        Assert.All(test.Cluster.GetStatus().Members, static member => Assert.Equal("up", member.State));

        var retried = test.Take();
        var first = retried.Member!.Label;
        retried.Answered(status);
        test.Again(retried);
        var second = retried.Member!.Label;
        retried.Answered(status);
        test.Again(retried);
        Assert.Equal("up", test.Status(first).State);
        retried.Answered(404);
        Assert.Equal("down", test.Status(first).State);
        Assert.Equal("down", test.Status(second).State);
        Assert.Equal("up", test.Status(retried.Member!.Label).State);
        Assert.Equal($"it answered {status} where {retried.Member.Label} answered 404", test.Status(first).LastFailure);
        retried.End();
        Assert.All(test.Cluster.GetMembers(), static member => Assert.Equal(0, member.InHand));
    }

    [Fact]
    public async Task When_all_answer_503_nobody_is_down()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        for (var time = 0; time < 10; time++)
        {
            var choice = test.Take();
            choice.Answered(503);
            test.Again(choice);
            choice.Answered(503);
            choice.End();
        }

        Assert.All(test.Cluster.GetStatus().Members, static member => Assert.Equal("up", member.State));
    }

    [Fact]
    public async Task One_request_at_a_time_tries_a_member_and_only_one_that_can_be_given_to_another_one()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        test.TakeDown(A);
        test.Pass(1);
        for (var time = 0; time < 20; time++)
        {
            Assert.Equal(B, test.Ask(replayable: false));
        }

        var trial = test.Take();
        Assert.Equal(A, trial.Member!.Label);
        Assert.True(trial.IsTrial);
        Assert.Equal("trial", test.Status(A).State);
        Assert.Equal([B], test.Count(50).Keys);
        trial.End(); // its client went away: nothing was learnt
        Assert.Equal("down", test.Status(A).State);

        trial = test.Take();
        Assert.True(trial.IsTrial);
        trial.Failed(TestCluster.Fault(MemberFault.NoAnswer));
        trial.Release();
        Assert.True(trial.IsTrial); // whoever counts retries asks now
        test.Again(trial);
        Assert.False(trial.IsTrial);
        trial.End();
        test.Pass(2);

        trial = test.Take();
        Assert.True(trial.IsTrial);
        trial.Answered(200);
        Assert.Equal("up", test.Status(A).State);
        trial.End();
    }

    [Fact]
    public async Task A_retry_is_not_given_to_a_doubtful_member_while_others_are_up()
    {
        await using var test = await TestCluster.StartAsync(A, B, C);
        test.TakeDown(A);
        var choice = test.Take();
        test.Pass(1);
        choice.Failed(TestCluster.Fault(MemberFault.NoAnswer));
        var first = choice.Member!.Label;
        test.Again(choice);
        Assert.Equal(first == B ? C : B, choice.Member!.Label);
        choice.Answered(200);
        choice.End();
        Assert.Equal(A, test.Ask());
    }

    [Fact]
    public async Task A_trial_answered_503_is_decided_by_what_others_answer()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        test.TakeDown(A);
        test.Pass(1);
        var choice = test.Take();
        choice.Answered(503);
        test.Again(choice);
        choice.Answered(200);
        choice.End();
        Assert.Equal(test.Time.GetUtcNow().AddSeconds(2), test.Status(A).DownUntil);

        test.Pass(2);
        choice = test.Take();
        Assert.True(choice.IsTrial);
        choice.Answered(503);
        test.Again(choice);
        choice.Answered(503);
        choice.End();
        Assert.Equal("up", test.Status(A).State);
    }

    [Fact]
    public async Task Each_change_is_logged_once_with_its_cause()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        test.TakeDown(A);
        test.Pass(1);
        test.Fail();
        test.Pass(2);
        test.Ask();
        Assert.Equal(
            [
                $"Warning: cluster @test: member {A} is down, for 1 s: it failed: CannotConnect",
                $"Information: cluster @test: member {A} is back: it answers requests",
            ],
            test.Log);
    }

    [Theory]
    [InlineData(10, 4)]
    [InlineData(20, 1)]
    public async Task A_member_that_comes_back_gets_its_share_little_by_little(double slowStart, int weight)
    {
        var settings = TestCluster.Settings($"{A} {weight}", $"{B} {weight}") with { SlowStart = TimeSpan.FromSeconds(slowStart) };
        await using var test = await TestCluster.StartAsync(settings);
        Assert.Equal(weight, test.Status(A).EffectiveWeight);
        test.TakeDown(A);
        test.Pass(1);
        Assert.Equal(A, test.Ask());
        for (var tenth = 0; tenth < 10; tenth++)
        {
            var expected = 0.1 + (0.09 * tenth);
            Assert.Equal("slow start", test.Status(A).State);
            Assert.Equal(weight * expected, test.Status(A).EffectiveWeight, 6);
            var choices = Enumerable.Range(0, 1000).Select(_ => test.Take()).ToList();
            Assert.InRange(test.Member(A).InHand, (1000 * expected / (1 + expected)) - 2, (1000 * expected / (1 + expected)) + 2);
            choices.ForEach(static choice => choice.Answered(200));
            choices.ForEach(static choice => choice.End());
            test.Pass(slowStart / 10);
        }

        Assert.Equal(weight, test.Status(A).EffectiveWeight);
        Assert.Equal("up", test.Status(A).State);
    }

    [Fact]
    public async Task A_silent_member_is_passed_over_after_a_second_until_it_answers()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        var token = test.Member(A).Token;
        var first = test.Take(token: token);
        test.Pass(0.6);
        var second = test.Take(token: token);
        test.Pass(0.3);
        Assert.False(test.Status(A).Suspect);
        test.Pass(0.2);
        Assert.True(test.Status(A).Suspect);
        Assert.Equal("suspect", test.Status(A).State);
        var others = Enumerable.Range(0, 50).Select(_ => test.Take()).ToList();
        Assert.All(others, static choice => Assert.Equal(B, choice.Member!.Label));
        Assert.Equal(B, test.Ask(token: token));
        others.ForEach(static choice => choice.Answered(200));
        others.ForEach(static choice => choice.End());

        second.Answered(200);
        Assert.Equal("up", test.Status(A).State);
        test.Pass(60); // the first one is an answer that takes its time: others came after it
        Assert.Equal("up", test.Status(A).State);
        first.End();
        second.End();
    }

    [Fact]
    public async Task A_member_is_not_suspect_for_requests_that_nobody_waits_for_or_that_are_not_sent_yet()
    {
        await using var test = await TestCluster.StartAsync(A);
        var choice = test.Take();
        test.Pass(2);
        Assert.True(test.Status(A).Suspect);
        choice.End();
        Assert.False(test.Status(A).Suspect);
        var next = test.Take(); // its own time counts, not that of the one before
        Assert.False(test.Status(A).Suspect);
        next.End();

        var upload = new MemberChoice();
        await test.Cluster.TakeAsync(upload, TestContext.Current.CancellationToken);
        test.Pass(5);
        Assert.False(test.Status(A).Suspect);
        upload.Sent();
        test.Pass(0.9);
        Assert.False(test.Status(A).Suspect);
        test.Pass(0.2);
        Assert.True(test.Status(A).Suspect);
        upload.End();

        var early = new MemberChoice(); // answered before it was sent as a whole
        await test.Cluster.TakeAsync(early, TestContext.Current.CancellationToken);
        early.Answered(200);
        early.Sent();
        test.Pass(5);
        Assert.False(test.Status(A).Suspect);
        early.End();
    }

    [Fact]
    public async Task When_all_are_silent_they_share_what_comes()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        var choices = Enumerable.Range(0, 2).Select(_ => test.Take()).ToList();
        test.Pass(2);
        choices.AddRange(Enumerable.Range(0, 10).Select(_ => test.Take()));
        Assert.Equal(6, test.Member(A).InHand);
        Assert.Equal(6, test.Member(B).InHand);
        choices.ForEach(static choice => choice.End());
    }

    [Fact]
    public async Task When_all_are_down_each_request_still_tries_some_and_the_first_answer_brings_a_member_back()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B, C) with { Retries = 1 });
        foreach (var label in new[] { A, B, C })
        {
            test.TakeDown(label);
            test.Pass(0.01);
        }

        var tried = new List<string>();
        for (var time = 0; time < 3; time++)
        {
            tried.Add(test.Fail()!);
            test.Pass(0.01);
        }

        Assert.Equal([A, B, C], tried); // the one that failed longest ago first

        var choice = test.Take(replayable: false);
        for (var attempt = 0; attempt < 2; attempt++)
        {
            Assert.NotNull(choice.Member);
            Assert.False(choice.IsTrial);
            choice.Failed(TestCluster.Fault());
            test.Pass(0.01);
            test.Again(choice);
        }

        Assert.Null(choice.Member); // 1 + retries
        Assert.Equal(NoMember.AllTried, choice.Refusal);
        choice.End();

        var answered = test.Ask(replayable: false)!;
        Assert.Equal("up", test.Status(answered).State);
        Assert.Equal([answered], test.Count(50).Keys);
        Assert.Equal(1, test.Cluster.GetStatus().Refused);
    }

    [Fact]
    public async Task When_all_are_down_and_hang_requests_go_to_those_with_the_fewest_in_hand()
    {
        await using var test = await TestCluster.StartAsync(A, B, C);
        foreach (var label in new[] { A, B, C })
        {
            test.TakeDown(label);
        }

        var choices = Enumerable.Range(0, 9).Select(_ => test.Take()).ToList();
        Assert.All(test.Cluster.GetMembers(), static member => Assert.Equal(3, member.InHand));
        choices.ForEach(static choice => choice.End());
    }

    [Fact]
    public async Task One_request_is_never_given_to_the_same_member_twice()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B, C) with { Retries = 10 });
        var choice = test.Take();
        var seen = new HashSet<string>();
        while (choice.Member is { } member)
        {
            Assert.True(seen.Add(member.Label));
            choice.Failed(TestCluster.Fault());
            test.Again(choice);
        }

        Assert.Equal(3, seen.Count);
        Assert.Equal(3, choice.Tries);
        choice.End();
        Assert.Equal(0, choice.Tries);
    }
}
