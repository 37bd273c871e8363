using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class ConditionsTests
{
    private const string Earlier = "Mon, 23 Nov 2026 07:00:00 GMT", Modified = "Mon, 23 Nov 2026 08:00:00 GMT", Later = "Mon, 23 Nov 2026 08:30:00 GMT";

    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("ETag: \"a\"", "If-None-Match: \"a\"", true)]
    [InlineData("ETag: \"a\"", "If-None-Match: W/\"a\"", true)]
    [InlineData("ETag: W/\"a\"", "If-None-Match: \"b\", W/\"a\"", true)]
    [InlineData("ETag: \"a\"", "If-None-Match: \"b\" | If-None-Match: \"a\"", true)]
    [InlineData("ETag: \"a\"", "If-None-Match: *", true)]
    [InlineData("X: y", "If-None-Match: *", true)]
    [InlineData("ETag: \"a\"", "If-None-Match: \"b\"", false)]
    [InlineData("X: y", "If-None-Match: \"b\"", false)]
    [InlineData("ETag: \"a\" | Last-Modified: " + Modified, "If-None-Match: \"b\" | If-Modified-Since: " + Later, false)]
    [InlineData("ETag: \"a\" | Last-Modified: " + Modified, "If-None-Match: \"a\" | If-Modified-Since: " + Earlier, true)]
    [InlineData("Last-Modified: " + Modified, "If-Modified-Since: " + Modified, true)]
    [InlineData("Last-Modified: " + Modified, "If-Modified-Since: Monday, 23-Nov-26 08:00:00 GMT", true)]
    [InlineData("Last-Modified: " + Modified, "If-Modified-Since: " + Later, true)]
    [InlineData("Last-Modified: " + Modified, "If-Modified-Since: " + Earlier, false)]
    [InlineData("Last-Modified: " + Modified, "If-Modified-Since: yesterday", false)]
    [InlineData("Date: " + Modified, "If-Modified-Since: " + Later, true)]
    [InlineData("Date: " + Modified, "If-Modified-Since: " + Earlier, false)]
    [InlineData("X: y", "If-Modified-Since: " + Later, false)]
    [InlineData("X: y", "If-Modified-Since: Mon, 23 Nov 2026 09:00:00 GMT", true)]
    [InlineData("X: y", "", false)]
    public void A_client_that_has_it_already_is_told_so(string stored, string request, bool expected) =>
        Assert.Equal(expected, ClientConditions.IsNotModified(Fields.Request(request), 200, Of(stored), s_now));

    [Fact]
    public void Conditions_count_only_where_the_answer_would_be_200() =>
        Assert.False(ClientConditions.IsNotModified(Fields.Request("If-None-Match: \"a\""), 404, Of("ETag: \"a\""), s_now));

    [Theory]
    [InlineData("If-Match: \"a\"", true)]
    [InlineData("If-Unmodified-Since: " + Earlier, true)]
    [InlineData("If-None-Match: \"a\"", false)]
    public void What_guards_against_lost_updates_is_the_origins_to_decide(string request, bool expected) =>
        Assert.Equal(expected, ClientConditions.AreForOrigin(Fields.Request(request)));

    [Theory]
    [InlineData("ETag: \"a\"", "", true)]
    [InlineData("ETag: \"a\"", "If-Range: \"a\"", true)]
    [InlineData("ETag: \"a\"", "If-Range: \"b\"", false)]
    [InlineData("ETag: W/\"a\"", "If-Range: W/\"a\"", false)]
    [InlineData("ETag: \"a\"", "If-Range: W/\"a\"", false)]
    [InlineData("X: y", "If-Range: \"a\"", false)]
    [InlineData("Last-Modified: " + Modified, "If-Range: " + Modified, true)]
    [InlineData("Last-Modified: " + Modified, "If-Range: " + Later, false)]
    [InlineData("Last-Modified: " + Modified + " | Date: " + Modified, "If-Range: " + Modified, false)]
    [InlineData("ETag: \"a\"", "If-Range: \"a\" | If-Range: \"a\"", false)]
    public void A_range_counts_if_it_is_of_exactly_the_kept_content(string stored, string request, bool expected) =>
        Assert.Equal(expected, ClientConditions.RangeCounts(Fields.Request(request), Of(stored), s_now));

    [Theory]
    [InlineData("ETag: \"a\" | Last-Modified: " + Modified, "X: 1 | If-None-Match: \"a\" | If-Modified-Since: " + Modified)]
    [InlineData("ETag: W/\"a\"", "X: 1 | If-None-Match: W/\"a\"")]
    [InlineData("Last-Modified: yesterday", "X: 1")]
    public void The_origin_is_asked_by_the_kept_validators_alone(string stored, string expected)
    {
        var request = Fields.Of("If-None-Match: \"client\" | X: 1 | If-Modified-Since: x | Range: bytes=0-1 | If-Range: y | If-Match: z | If-Unmodified-Since: q");
        Confirmation.AddConditions(request, Of(stored));
        Assert.Equal(expected, string.Join(" | ", request.Lines.ToArray().Select(field => $"{field.Name}: {field.Value}")));
    }

    [Theory]
    [InlineData("ETag: \"a\"", "ETag: \"a\"", true)]
    [InlineData("ETag: \"b\"", "ETag: \"a\"", false)]
    [InlineData("ETag: W/\"a\"", "ETag: \"a\"", true)]
    [InlineData("ETag: \"a\"", "X: y", false)]
    [InlineData("X: y", "ETag: \"a\"", true)]
    [InlineData("Last-Modified: " + Modified, "Last-Modified: " + Modified, true)]
    [InlineData("Last-Modified: " + Later, "Last-Modified: " + Modified, false)]
    [InlineData("Last-Modified: " + Later, "ETag: \"a\"", true)]
    public void A_confirmation_has_to_be_about_the_kept_content(string fresh, string stored, bool expected) =>
        Assert.Equal(expected, Confirmation.Confirms(Of(fresh), Of(stored)));

    [Theory]
    [InlineData("ETag: \"a\" | Content-Length: 5", true)]
    [InlineData("ETag: \"b\" | Content-Length: 5", false)]
    [InlineData("ETag: \"a\" | Content-Length: 6", false)]
    [InlineData("Last-Modified: " + Modified, true)]
    [InlineData("Last-Modified: " + Later, false)]
    [InlineData("X: y", true)]
    public void An_answer_to_HEAD_tells_whether_the_content_is_still_the_kept_one(string head, bool expected) =>
        Assert.Equal(expected, Confirmation.MatchesHead(Fields.Of(head), Of(head), 5, Of("ETag: \"a\" | Last-Modified: " + Modified)));

    private static Validators Of(string fields) => new(Fields.Of(fields).Lines, s_now);
}
