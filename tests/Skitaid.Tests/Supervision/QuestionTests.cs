using Microsoft.Extensions.Time.Testing;
using Skitaid.Control;
using Skitaid.Supervision;

namespace Skitaid.Tests.Supervision;

public sealed class QuestionTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly List<long> _sent = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_while_an_answer_is_due_gets_that_one_and_nothing_more_is_sent()
    {
        var question = new Question(_time);
        var (first, second) = (question.AskAsync(Send, s_limit, Cancellation), question.AskAsync(Send, s_limit, Cancellation));
        var answer = Answer(_sent[0]);
        question.Answer(answer);

        Assert.Same(answer, await first);
        Assert.Same(answer, await second);
        Assert.Single(_sent);
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_not_taken_for_that_to_the_next_question()
    {
        var question = new Question(_time);
        var first = question.AskAsync(Send, s_limit, Cancellation);
        _time.Advance(s_limit);
        Assert.Null(await first);

        var second = question.AskAsync(Send, s_limit, Cancellation);
        question.Answer(Answer(_sent[0]));
        Assert.False(second.IsCompleted);
        var answer = Answer(_sent[1]);
        question.Answer(answer);
        Assert.Same(answer, await second);
    }

    [Fact]
    public async Task The_limit_counts_for_an_order_that_nobody_takes_too()
    {
        var question = new Question(_time);
        var asking = question.AskAsync(
            async (_, cancellation) =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                return true;
            },
            s_limit,
            Cancellation);
        _time.Advance(s_limit);
        Assert.Null(await asking);
    }

    [Fact]
    public async Task Who_gives_up_is_not_answered_for_and_the_next_one_asks_anew()
    {
        var question = new Question(_time);
        using var impatience = new CancellationTokenSource();
        var first = question.AskAsync(Send, s_limit, impatience.Token);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = question.AskAsync(Send, s_limit, Cancellation);
        Assert.Equal(2, _sent.Count);
        question.Close();
        Assert.Null(await second);
    }

    [Fact]
    public async Task Nobody_there_is_no_answer()
    {
        Assert.Null(await new Question(_time).AskAsync((_, _) => ValueTask.FromResult(false), s_limit, Cancellation));
    }

    private static InstanceReport Answer(long number) => new(InstanceReport.Reloaded, Number: number);

    private ValueTask<bool> Send(long number, CancellationToken cancellation)
    {
        _sent.Add(number);
        return ValueTask.FromResult(true);
    }
}
