using Skitai.Engine.Apps;

namespace Skitai.Engine.Tests.Apps;

public sealed class LookAheadTests
{
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(0.5), Slow = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void It_is_nothing_at_first_and_grows_to_its_most_while_answers_are_quick()
    {
        var ahead = new LookAhead();
        Assert.Equal(0, ahead.Extra);
        for (var i = 0; i < 200; i++)
        {
            ahead.Completed(Quick);
        }

        Assert.Equal(LookAhead.Most, ahead.Extra);
    }

    [Fact]
    public void One_blocking_answer_ends_it()
    {
        var ahead = new LookAhead();
        for (var i = 0; i < 200; i++)
        {
            ahead.Completed(Quick);
        }

        ahead.Completed(Slow);
        Assert.Equal(0, ahead.Extra);
    }

    [Fact]
    public void An_app_that_sleeps_in_every_second_request_never_gets_one()
    {
        var ahead = new LookAhead();
        for (var i = 0; i < 1000; i++)
        {
            ahead.Completed(i % 2 == 0 ? Quick : Slow);
            Assert.Equal(0, ahead.Extra);
        }
    }
}
