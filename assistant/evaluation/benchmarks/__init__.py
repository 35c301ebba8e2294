"""LaMP, LongLaMP and LaMP-QA: questions with a user's profile, answered and scored as their reference code does."""
