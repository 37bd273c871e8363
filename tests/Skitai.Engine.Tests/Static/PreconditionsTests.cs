using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

public sealed class PreconditionsTests
{
    private const string Before = "Sat, 29 Oct 1994 19:43:30 GMT", Then = "Sat, 29 Oct 1994 19:43:31 GMT", After = "Sat, 29 Oct 1994 19:43:32 GMT";

    private static readonly DateTimeOffset s_modified = new(1994, 10, 29, 19, 43, 31, TimeSpan.Zero);

    [Theory]
    [InlineData("If-Match: \"a\"", "Whole")]
    [InlineData("If-Match: *", "Whole")]
    [InlineData("If-Match: \"x\", \"a\"", "Whole")]
    [InlineData("If-Match: \"x\"", "Failed")]
    [InlineData("If-Match: W/\"a\"", "Failed")]
    [InlineData("If-Match: a", "Failed")]
    [InlineData("If-None-Match: \"a\"", "NotModified")]
    [InlineData("If-None-Match: W/\"a\"", "NotModified")]
    [InlineData("If-None-Match: \"b\" ,W/\"c\",\"a\"", "NotModified")]
    [InlineData("If-None-Match: *", "NotModified")]
    [InlineData("If-None-Match: \"b,\\\"a\"", "Whole")]
    [InlineData("If-None-Match: \"b\"", "Whole")]
    [InlineData("If-None-Match: \"a", "Whole")]
    [InlineData("If-Modified-Since: " + Then, "NotModified")]
    [InlineData("If-Modified-Since: " + After, "NotModified")]
    [InlineData("If-Modified-Since: " + Before, "Whole")]
    [InlineData("If-Modified-Since: Saturday, 29-Oct-94 19:43:31 GMT", "NotModified")]
    [InlineData("If-Modified-Since: yesterday", "Whole")]
    [InlineData("If-Unmodified-Since: " + Then, "Whole")]
    [InlineData("If-Unmodified-Since: " + Before, "Failed")]
    [InlineData("If-Unmodified-Since: yesterday", "Whole")]
    public void Each_condition_is_evaluated(string headers, string expected) => Check(expected, headers);

    [Theory]
    [InlineData("If-Match: \"a\"|If-Unmodified-Since: " + Before, "Whole")]
    [InlineData("If-Match: \"b\"|If-None-Match: \"a\"", "Failed")]
    [InlineData("If-Match: \"a\"|If-None-Match: \"a\"", "NotModified")]
    [InlineData("If-Unmodified-Since: " + Before + "|If-None-Match: \"a\"", "Failed")]
    [InlineData("If-None-Match: \"b\"|If-Modified-Since: " + After, "Whole")]
    [InlineData("If-None-Match: \"a\"|If-Modified-Since: " + Before, "NotModified")]
    [InlineData("If-None-Match: \"a\"|Range: bytes=0-1", "NotModified")]
    [InlineData("If-Match: \"b\"|Range: bytes=0-1", "Failed")]
    public void They_take_precedence_as_the_standard_says(string headers, string expected) => Check(expected, headers);

    [Theory]
    [InlineData("Range: bytes=0-1", "MayBePartial")]
    [InlineData("Range: bytes=0-1|If-Range: \"a\"", "MayBePartial")]
    [InlineData("Range: bytes=0-1|If-Range: \"b\"", "Whole")]
    [InlineData("Range: bytes=0-1|If-Range: W/\"a\"", "Whole")]
    [InlineData("Range: bytes=0-1|If-Range: " + Then, "MayBePartial")]
    [InlineData("Range: bytes=0-1|If-Range: " + Before, "Whole")]
    [InlineData("Range: bytes=0-1|If-Range: " + After, "Whole")]
    [InlineData("Range: bytes=0-1|If-Range: nonsense", "Whole")]
    [InlineData("If-Range: \"a\"", "Whole")]
    public void A_range_counts_only_for_what_the_client_has_the_rest_of(string headers, string expected) => Check(expected, headers);

    [Fact]
    public void Ranges_are_for_GET_alone() => Check("Whole", "Range: bytes=0-1", isGet: false);

    [Fact]
    public void A_weak_tag_never_matches_strongly()
    {
        Check("Failed", "If-Match: W/\"a\"", tag: "W/\"a\"");
        Check("Whole", "Range: bytes=0-1|If-Range: W/\"a\"", tag: "W/\"a\"");
        Check("NotModified", "If-None-Match: \"a\"", tag: "W/\"a\"");
    }

    [Fact]
    public void A_date_of_this_very_second_does_not_validate_a_range()
    {
        Check("Whole", "Range: bytes=0-1|If-Range: " + Then, age: TimeSpan.FromSeconds(0.9));
        Check("MayBePartial", "Range: bytes=0-1|If-Range: " + Then, age: TimeSpan.FromSeconds(1));
    }

    private static void Check(string expected, string headers, bool isGet = true, string tag = "\"a\"", TimeSpan? age = null)
    {
        var request = new HeaderDictionary();
        foreach (var line in headers.Split('|'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            request.Append(line[..colon], line[(colon + 2)..]);
        }

        var file = new Representation
        {
            Name = [],
            Status = default,
            Content = [],
            Length = 0,
            EntityTag = tag,
            LastModified = s_modified,
            LastModifiedText = Then,
            ContentEncoding = StringValues.Empty,
        };
        var time = new FakeTimeProvider(s_modified + (age ?? TimeSpan.FromDays(1)));
        Assert.Equal(expected, Preconditions.Evaluate(request, file, isGet, time).ToString());
    }
}
