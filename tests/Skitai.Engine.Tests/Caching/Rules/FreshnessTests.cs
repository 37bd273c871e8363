using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class FreshnessTests
{
    // What the answers' Date says, and when they come unless a test says otherwise.
    private const string Date = "Date: Mon, 23 Nov 2026 09:00:00 GMT";

    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", 0)]
    [InlineData("Cache-Control: max-age=60", 60)]
    [InlineData("Cache-Control: max-age=60, s-maxage=30", 30)]
    [InlineData("Cache-Control: max-age=0, s-maxage=30 | Expires: Mon, 23 Nov 2026 08:00:00 GMT", 30)]
    [InlineData("Cache-Control: max-age=60 | Expires: 0", 60)]
    [InlineData("Cache-Control: max-age=0 | Expires: Mon, 23 Nov 2026 10:00:00 GMT", 0)]
    [InlineData(Date + " | Expires: Mon, 23 Nov 2026 09:00:10 GMT", 10)]
    [InlineData("Date: Mon, 23 Nov 2026 08:59:50 GMT | Expires: Mon, 23 Nov 2026 09:00:10 GMT", 20)]
    [InlineData("Date: foo | Expires: Mon, 23 Nov 2026 09:00:10 GMT", 10)]
    [InlineData("Expires: Mon, 23 Nov 2026 09:00:10 GMT", 10)]
    [InlineData(Date + " | Expires: Mon, 23 Nov 2026 09:00:00 GMT", 0)]
    [InlineData(Date + " | Expires: Mon, 23 Nov 2026 08:00:00 GMT", 0)]
    [InlineData(Date + " | Expires: 0", 0)]
    [InlineData(Date + " | Expires: Mon, 23 Nov 2026 10:00:00 GMT | Expires: Mon, 23 Nov 2026 11:00:00 GMT", 0)]
    [InlineData("CDN-Cache-Control: max-age=7 | Cache-Control: max-age=60", 7)]
    [InlineData("CDN-Cache-Control: no-cache | Expires: Mon, 23 Nov 2026 09:00:10 GMT", 0)]
    [InlineData("CDN-Cache-Control: MAX-AGE=7 | Cache-Control: max-age=60", 60)]
    public void The_lifetime_is_what_the_answer_says(string fields, int expected) =>
        Assert.Equal(TimeSpan.FromSeconds(expected), Of(fields).Lifetime);

    [Theory]
    [InlineData(200, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT", 60)]
    [InlineData(404, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT", 60)]
    [InlineData(201, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT", 0)]
    [InlineData(503, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT", 0)]
    [InlineData(599, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT", 0)]
    [InlineData(599, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT | Cache-Control: public", 60)]
    [InlineData(200, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT | Cache-Control: max-age=5", 5)]
    [InlineData(200, "Last-Modified: Mon, 23 Nov 2026 08:50:00 GMT | Expires: 0", 0)]
    [InlineData(200, "Last-Modified: Mon, 23 Nov 2026 10:00:00 GMT", 0)]
    [InlineData(200, "Last-Modified: Sun, 23 Nov 1986 09:00:00 GMT", 86400)]
    [InlineData(200, "ETag: \"a\"", 0)]
    public void A_lifetime_is_guessed_only_where_that_is_wanted_and_allowed(int status, string fields, int expected)
    {
        Assert.Equal(TimeSpan.FromSeconds(expected), Of($"{Date} | {fields}", status, guesses: true).Lifetime);
        Assert.Equal(
            expected is 60 or 86400 ? TimeSpan.Zero : TimeSpan.FromSeconds(expected),
            Of($"{Date} | {fields}", status).Lifetime);
    }

    [Theory]
    [InlineData("", 0, 0, 0)]
    [InlineData(Date, 0, 0, 0)]
    [InlineData("Date: Mon, 23 Nov 2026 08:59:50 GMT", 0, 0, 10)]
    [InlineData("Date: Mon, 23 Nov 2026 09:00:10 GMT", 0, 0, 0)]
    [InlineData(Date + " | Age: 30", 0, 0, 30)]
    [InlineData(Date + " | Age: 30", 5, 0, 35)]
    [InlineData(Date + " | Age: 30", 5, 100, 135)]
    [InlineData("Date: Mon, 23 Nov 2026 08:59:00 GMT | Age: 30", 0, 0, 60)]
    [InlineData("Age: 7200, 0", 0, 0, 7200)]
    [InlineData("Age: 0, 7200", 0, 0, 0)]
    [InlineData("Age: 0 | Age: 7200", 0, 0, 0)]
    [InlineData("Age: 7200 | Age: 0", 0, 0, 7200)]
    [InlineData("Age: abc", 0, 0, 0)]
    [InlineData("Age: -7200", 0, 0, 0)]
    [InlineData("Age: 7200.0", 0, 0, 0)]
    [InlineData("Age: 7200;foo=bar", 0, 0, 0)]
    [InlineData("Age: 2147483649", 0, 0, int.MaxValue)]
    [InlineData("", 0, -50, 0)]
    public void The_age_counts_what_passed_before_and_since(string fields, int delay, int later, int expected)
    {
        var freshness = new Freshness(200, Fields.Of(fields), s_now - TimeSpan.FromSeconds(delay), s_now, false);
        Assert.Equal(TimeSpan.FromSeconds(expected), freshness.AgeAt(s_now + TimeSpan.FromSeconds(later)));
    }

    [Fact]
    public void A_fraction_of_a_second_does_not_age_an_answer()
    {
        var came = s_now + TimeSpan.FromMilliseconds(900);
        Assert.Equal(TimeSpan.Zero, new Freshness(200, Fields.Of(Date), came, came, false).AgeAtArrival);
    }

    [Theory]
    [InlineData("max-age=10, stale-while-revalidate=5", 15, true)]
    [InlineData("max-age=10, stale-while-revalidate=5", 16, false)]
    [InlineData("max-age=10", 11, false)]
    [InlineData("s-maxage=10, stale-while-revalidate=5", 15, true)]
    [InlineData("max-age=10, stale-while-revalidate=5, must-revalidate", 12, false)]
    [InlineData("max-age=10, stale-while-revalidate=5, proxy-revalidate", 12, false)]
    [InlineData("max-age=10, stale-while-revalidate=5, no-cache", 12, false)]
    public void A_stale_answer_may_be_used_while_it_is_confirmed(string control, int age, bool expected) =>
        Assert.Equal(expected, Of("Cache-Control: " + control).MayBeUsedWhileRevalidated(s_now + TimeSpan.FromSeconds(age)));

    [Theory]
    [InlineData("max-age=10, stale-if-error=100", "", 110, true, true)]
    [InlineData("max-age=10, stale-if-error=100", "", 111, false, false)]
    [InlineData("s-maxage=10, stale-if-error=100", "", 50, true, true)]
    [InlineData("max-age=10", "", 50, false, true)]
    [InlineData("max-age=10", "", 71, false, false)]
    [InlineData("max-age=0", "", 1, false, false)]
    [InlineData("max-age=10, s-maxage=10", "", 50, false, false)]
    [InlineData("max-age=10, must-revalidate", "", 50, false, false)]
    [InlineData("max-age=10, proxy-revalidate, stale-if-error=100", "", 50, false, false)]
    [InlineData("max-age=10, no-cache, stale-if-error=100", "", 50, false, false)]
    [InlineData("max-age=10, stale-if-error=0", "", 11, false, false)]
    [InlineData("max-age=10", "stale-if-error=500", 400, true, true)]
    public void A_stale_answer_may_be_used_on_errors(string control, string request, int age, bool onError, bool whenUnreachable)
    {
        var freshness = Of("Cache-Control: " + control);
        var asked = CacheControl.Parse(Fields.Of("Cache-Control: " + request));
        var now = s_now + TimeSpan.FromSeconds(age);
        Assert.Equal(onError, freshness.MayBeUsedOnError(now, isUnreachable: false, asked));
        Assert.Equal(whenUnreachable, freshness.MayBeUsedOnError(now, isUnreachable: true, asked));
    }

    private static Freshness Of(string fields, int status = 200, bool guesses = false) => new(status, Fields.Of(fields), s_now, s_now, guesses);
}
