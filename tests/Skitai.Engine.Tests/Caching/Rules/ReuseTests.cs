using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class ReuseTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("max-age=100", 99, "", nameof(Use.AsIs))]
    [InlineData("max-age=100", 100, "", nameof(Use.WhenConfirmed))]
    [InlineData("max-age=100, no-cache", 1, "", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=0", 0, "", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=100, must-revalidate", 50, "", nameof(Use.AsIs))]
    [InlineData("max-age=100, must-revalidate", 150, "", nameof(Use.WhenConfirmed))]
    [InlineData("max-age=100, stale-while-revalidate=50", 150, "", nameof(Use.StaleWhileRevalidated))]
    [InlineData("max-age=100, stale-while-revalidate=50", 151, "", nameof(Use.WhenConfirmed))]
    [InlineData("max-age=0, stale-while-revalidate=50", 20, "", nameof(Use.StaleWhileRevalidated))]
    public void An_answer_is_used_by_its_own_rules(string stored, int age, string request, string expected) => Check(stored, age, request, expected);

    [Theory]
    [InlineData("max-age=100", 10, "Cache-Control: no-cache", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=100", 10, "Pragma: no-cache", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=100", 10, "Pragma: no-cache | Cache-Control: max-age=50", nameof(Use.AsIs))]
    [InlineData("max-age=100", 10, "Pragma: other", nameof(Use.AsIs))]
    [InlineData("max-age=100", 10, "Cache-Control: max-age=10", nameof(Use.AsIs))]
    [InlineData("max-age=100", 11, "Cache-Control: max-age=10", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=100", 0, "Cache-Control: max-age=0", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=100", 11, "Cache-Control: max-age=x", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=100", 10, "Cache-Control: min-fresh=90", nameof(Use.AsIs))]
    [InlineData("max-age=100", 11, "Cache-Control: min-fresh=90", nameof(Use.WhenConfirmedForIt))]
    [InlineData("max-age=100", 150, "Cache-Control: max-stale=50", nameof(Use.Stale))]
    [InlineData("max-age=100", 151, "Cache-Control: max-stale=50", nameof(Use.WhenConfirmed))]
    [InlineData("max-age=100", 9999, "Cache-Control: max-stale", nameof(Use.Stale))]
    [InlineData("max-age=100, must-revalidate", 150, "Cache-Control: max-stale", nameof(Use.WhenConfirmed))]
    [InlineData("s-maxage=100", 150, "Cache-Control: max-stale", nameof(Use.WhenConfirmed))]
    [InlineData("max-age=100", 150, "Cache-Control: max-age=50, max-stale", nameof(Use.Stale))]
    [InlineData("max-age=100, stale-while-revalidate=99", 150, "Cache-Control: max-age=50", nameof(Use.WhenConfirmedForIt))]
    public void A_request_may_ask_for_more_or_for_less(string stored, int age, string request, string expected) => Check(stored, age, request, expected);

    private static void Check(string stored, int age, string request, string expected)
    {
        var freshness = new Freshness(200, Fields.Of($"Cache-Control: {stored} | ETag: \"a\""), s_now, s_now, false);
        Assert.Equal(expected, Reuse.Decide(freshness, s_now + TimeSpan.FromSeconds(age), Reuse.DirectivesOf(Fields.Request(request))).ToString());
    }
}
